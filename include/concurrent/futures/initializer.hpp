// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/can_be_copied.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {

namespace detail {

/// An argument of an initializer. What a view of text or of elements shows may be gone before the workers are there, so
/// that it is kept, and shown again.
template <class T>
struct KeptArgument {
  T value;
  const T& get() const noexcept { return value; }
};
template <class Char, class Traits>
struct KeptArgument<std::basic_string_view<Char, Traits>> {
  std::basic_string<Char, Traits> value;
  explicit KeptArgument(std::basic_string_view<Char, Traits> text) : value(text) {}
  std::basic_string_view<Char, Traits> get() const noexcept { return value; }
};
template <class T, std::size_t n>
  requires std::is_copy_constructible_v<T> && (!std::is_same_v<T, bool>)
struct KeptArgument<std::span<const T, n>> {
  std::vector<T> value;
  explicit KeptArgument(std::span<const T, n> items) : value(items.begin(), items.end()) {}
  std::span<const T, n> get() const noexcept { return std::span<const T, n>(value.data(), value.size()); }
};

}  // namespace detail

/// A call that each worker of a pool makes once, before its first task: `Initializer{fn, args...}`. Copyable, whatever
/// it holds; all copies share one `fn`. Each worker gets copies of the arguments.
///
/// Under "fork" and in a thread pool any callable will do. Under "forkserver" and "spawn" the function and its
/// arguments must pickle, like those of submit.
/// Python: the executors' arguments `initializer` and `initargs`.
class Initializer {
 public:
  /// None: workers begin with their first task.
  Initializer() noexcept = default;

  /// Takes function and arguments by value; a std::string_view or std::span<const T> by what it shows now, if that can
  /// be copied. What a view shows in the function stays for as long as the executor.
  ///
  /// Compile error: the function cannot be called with copies of the arguments.
  template <class Function, class... Args>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, Initializer>)
  Initializer(Function&& fn, Args&&... args) {
    using Plain = std::decay_t<Function>;
    constexpr bool can_be_called = pickle::detail::takes_values<Plain&, pickle::detail::Sent<Args>...> ||
                                   pickle::detail::takes_c_strings<Plain&, pickle::detail::Sent<Args>...>;
    constexpr bool can_be_copied = (detail::can_be_copied<pickle::detail::Sent<Args>>() && ...);
    static_assert(
        can_be_called,
        "concurrent::futures: the initializer cannot be called with these arguments. They are copied for each "
        "worker: take them by value or by const reference, and check their number and types.");
    static_assert(
        can_be_copied,
        "concurrent::futures: an argument of the initializer cannot be copied, and each worker needs one. Pass "
        "a std::shared_ptr, or make the object inside the initializer.");
    if constexpr (can_be_called && can_be_copied) {
      call_ = std::make_shared<Call<Plain, pickle::detail::Sent<Args>...>>(std::forward<Function>(fn),
                                                                           std::forward<Args>(args)...);
    }
  }

  explicit operator bool() const noexcept { return call_ != nullptr; }

  /// Makes the call; does nothing if there is none. Throws what it throws.
  void operator()() const {
    if (call_) call_->run();
  }

  /// Whether the call can travel to a process that is no fork of this one.
  bool is_picklable() const noexcept { return call_ == nullptr || call_->is_picklable(); }

  /// Writes it as a call, for pickle::run_call; nothing if there is none. Throws PicklingError unless it is picklable,
  /// and what the pickling of an argument throws.
  void dump(pickle::Writer& writer) const {
    if (call_) call_->dump(writer);
  }

 private:
  struct AnyCall {
    AnyCall() = default;
    AnyCall(const AnyCall&) = delete;
    AnyCall& operator=(const AnyCall&) = delete;
    virtual ~AnyCall() = default;
    virtual void run() = 0;
    virtual bool is_picklable() const noexcept = 0;
    virtual void dump(pickle::Writer& writer) const = 0;
  };

  template <class Function, class... Args>
  struct Call final : AnyCall {
    template <class Callee, class... Given>
    explicit Call(Callee&& callee, Given&&... given)
        : function_(std::forward<Callee>(callee)),
          arguments_(detail::KeptArgument<Args>{Args(std::forward<Given>(given))}...) {}

    static constexpr bool picklable = pickle::detail::CallChecks<pickle::Pickle, Function, Args...>::passed();

    void run() override {
      std::apply([&](const auto&... kept) { pickle::detail::invoke(function_, copy_for_call<Args>(kept.get())...); },
                 arguments_);
    }
    template <class Arg>
    static auto copy_for_call(const Arg& arg) {
      if constexpr (pickle::detail::takes_c_strings<Function&, Args...> && pickle::detail::is_string<Arg>) {
        return arg.c_str();
      } else {
        return Arg(arg);
      }
    }
    bool is_picklable() const noexcept override { return picklable; }
    void dump([[maybe_unused]] pickle::Writer& writer) const override {
      if constexpr (picklable) {
        std::apply([&](const auto&... kept) { pickle::dump_call<pickle::Pickle>(writer, function_, kept.get()...); },
                   arguments_);
      } else {
        throw pickle::PicklingError(
            "concurrent::futures: the initializer or one of its arguments cannot be pickled, so it reaches no worker "
            "that is started by \"forkserver\" or \"spawn\". Use \"fork\", or a function and arguments that pickle.");
      }
    }

    Function function_;
    std::tuple<detail::KeptArgument<Args>...> arguments_;
  };

  std::shared_ptr<AnyCall> call_;
};

}  // namespace concurrent::futures::inline v0
