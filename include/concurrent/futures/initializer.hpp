// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/can_be_copied.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/writer.hpp>

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

/// As what an initializer keeps an argument, which may outlive what a view of it shows: text and spans by their
/// content.
template <class Given, class Plain = std::remove_cvref_t<Given>>
struct KeptArgument {
  using type =
      std::conditional_t<pickle::detail::is_text_pointer<Plain>, std::decay_t<Given>, pickle::detail::Sent<Given>>;
  static Given&& from(Given&& given) noexcept { return std::forward<Given>(given); }
};
template <class Given, class Char, class Traits>
struct KeptArgument<Given, std::basic_string_view<Char, Traits>> {
  using type = std::basic_string<Char, Traits>;
  static type from(std::basic_string_view<Char, Traits> text) { return type(text); }
};
template <class Given, class T>
struct KeptArgument<Given, std::span<const T>> {
  using type = std::vector<T>;
  static type from(std::span<const T> items) { return type(items.begin(), items.end()); }
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

  /// Takes function and arguments by value; a std::string_view or std::span<const T> by what it shows now.
  ///
  /// Compile error: the function cannot be called with copies of the arguments.
  template <class Function, class... Args>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, Initializer>)
  Initializer(Function&& fn, Args&&... args) {
    using Plain = std::decay_t<Function>;
    constexpr bool can_be_called =
        pickle::detail::takes_values<Plain&, Kept<Args>...> || pickle::detail::takes_c_strings<Plain&, Kept<Args>...>;
    constexpr bool can_be_copied = (detail::can_be_copied<Kept<Args>>() && ...);
    static_assert(
        can_be_called,
        "concurrent::futures: the initializer cannot be called with these arguments. They are copied for each "
        "worker: take them by value or by const reference, and check their number and types.");
    static_assert(
        can_be_copied,
        "concurrent::futures: an argument of the initializer cannot be copied, and each worker needs one. Pass "
        "a std::shared_ptr, or make the object inside the initializer.");
    if constexpr (can_be_called && can_be_copied) {
      call_ = std::make_shared<Call<Plain, Kept<Args>...>>(
          std::forward<Function>(fn), detail::KeptArgument<Args>::from(std::forward<Args>(args))...);
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
  template <class Given>
  using Kept = typename detail::KeptArgument<Given>::type;

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
    template <class... Given>
    explicit Call(Given&&... given) : parts_(std::forward<Given>(given)...) {}

    static constexpr bool picklable = pickle::detail::CallChecks<pickle::Pickle, Function, Args...>::passed();

    void run() override {
      std::apply(
          [](Function& function, const Args&... args) { pickle::detail::invoke(function, copy_for_call(args)...); },
          parts_);
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
        std::apply([&](const auto&... parts) { pickle::dump_call<pickle::Pickle>(writer, parts...); }, parts_);
      } else {
        throw pickle::PicklingError(
            "concurrent::futures: the initializer or one of its arguments cannot be pickled, so it reaches no worker "
            "that is started by \"forkserver\" or \"spawn\". Use \"fork\", or a function and arguments that pickle.");
      }
    }

    std::tuple<Function, Args...> parts_;
  };

  std::shared_ptr<AnyCall> call_;
};

}  // namespace concurrent::futures::inline v0
