// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/exception_registry.hpp>
#include <concurrent/multiprocessing/detail/managed_object.hpp>
#include <concurrent/multiprocessing/detail/manager_link.hpp>
#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/golden_ratio.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Whether this process is that server.
bool is_server_of(const ManagerId& manager) noexcept;
/// In it: the object of a proxy that arrives; null when it is gone. Throws: RuntimeError, when a call of the object has
/// it as an argument.
std::shared_ptr<ManagedObject> load_managed_object(ObjectId id, std::uint64_t type, const SharedId& sender);
/// In it: an object whose proxy is in the answer to this call.
void keep_for_answer(const std::shared_ptr<ManagedObject>& object);

/// A process's share in an object: one for each time that a proxy was made or has arrived, and all its copies.
class ProxyState {
 public:
  /// The server has noted the share already.
  ProxyState(std::shared_ptr<ManagerLink> link, ObjectId object, std::uint64_t type)
      : link_(std::move(link)),
        manager_(link_->manager()),
        object_(object),
        type_(type),
        generation_(link_->generation()) {}
  /// In the server itself.
  ProxyState(const ManagerId& manager, std::shared_ptr<ManagedObject> local)
      : local_(std::move(local)), manager_(manager), object_(local_->id()), type_(local_->type()) {}
  ProxyState(const ProxyState&) = delete;
  ProxyState& operator=(const ProxyState&) = delete;
  ~ProxyState();

  const ManagerId& manager() const noexcept { return manager_; }
  ObjectId object() const noexcept { return object_; }

  void dump(pickle::Writer& writer);
  static std::shared_ptr<ProxyState> load(pickle::Reader& reader, std::uint64_t type);
  std::unique_ptr<ManagerAnswer> call(std::span<const std::byte> request);

 private:
  struct Dead {};
  ProxyState(std::shared_ptr<ManagerLink> link, ObjectId object, std::uint64_t type, Dead)
      : link_(std::move(link)), manager_(link_->manager()), object_(object), type_(type) {}

  /// Throws: as ManagerLink::call. False: the object is gone.
  bool adopt(const SharedId& sender);
  /// After a fork this process has no share yet.
  void take_part();

  std::shared_ptr<ManagerLink> link_;     // null in the server
  std::shared_ptr<ManagedObject> local_;  // in the server
  ManagerId manager_;
  ObjectId object_;
  std::uint64_t type_;
  std::atomic<std::uint32_t> generation_{0};  // of the process, when the share was taken; 0: there is none
  std::atomic<std::uint64_t> sent_{0};
};

/// A function of the program's that runs in the server, on an object that nobody else has meanwhile.
template <class T, class Function, class... Args>
struct ManagedApply {
  static_assert(std::is_invocable_v<Function, T&, Args...>,
                "concurrent::multiprocessing: the function cannot be called with the object and copies of these "
                "arguments. Its first parameter is the object, T&; then come the arguments.");
  using Result = std::decay_t<std::invoke_result_t<Function, T&, Args...>>;

  static Result run(ManagedKey key, pickle::Callable<Function> function, Args... args) {
    const Held<T> object(key);
    return pickle::detail::invoke(std::move(function.function), *object, std::move(args)...);
  }
};

/// Runs `function(key, args...)` in the server that `channel` leads to: a ManagerLink or a ProxyState.
template <auto function, class Channel, class... Args>
auto run_in_server(Channel& channel, ManagedKey key, const Args&... args) {
  using Result = typename ManagedFunction<function>::Result;
  pickle::detail::VectorWriter request;
  request.set_audience(pickle::Audience::fresh_images);
  pickle::dump_call<pickle::Pickle>(request, ManagedFunction<function>{}, key, args...);
  const auto answer = channel.call({request.data(), request.size()});
  if constexpr (!std::is_void_v<Result>) {
    pickle::Reader reader(answer->bytes());
    return pickle::load<Result>(reader);
  }
}

/// What all proxies are: a handle, whose copies mean the same object.
class ProxyBase {
 public:
  /// Whether both mean the same object. Python: `is`, not `==`.
  friend bool operator==(const ProxyBase& a, const ProxyBase& b) noexcept {
    if (a.state_ == b.state_) return true;
    return a.state_ && b.state_ && a.state_->object() == b.state_->object() &&
           a.state_->manager() == b.state_->manager();
  }
  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// The same for the same object, in every process.
  std::size_t hash() const noexcept {
    return state_ ? state_->manager().id[0] ^ (state_->object() * pickle::detail::golden_ratio) : std::size_t{0};
  }

 protected:
  ProxyBase() noexcept = default;
  explicit ProxyBase(std::shared_ptr<ProxyState> state) noexcept : state_(std::move(state)) {}

  /// Runs `function(key, args...)` in the server.
  template <auto function, class... Args>
  auto call_server(const Args&... args) const {
    if (!state_) refuse_empty();
    return run_in_server<function>(*state_, ManagedKey{state_->object()}, args...);
  }
  /// Runs `fn(object, args...)` there, on an object of type T, with the object to itself.
  template <class T, class Function, class... Args>
  auto apply_in_server(const Function& fn, const Args&... args) const {
    using F = std::decay_t<Function>;
    using Apply = ManagedApply<T, F, pickle::detail::Pickled<const Args&>...>;
    return call_server<&Apply::run>(pickle::Callable<F>{fn}, args...);
  }

  template <class Proxy>
  static void dump(pickle::Writer& writer, const Proxy& proxy) {
    refuse_other_machines(writer);
    writer.put(static_cast<std::uint8_t>(proxy.state_ ? 1 : 0));
    if (proxy.state_) proxy.state_->dump(writer);
  }
  static std::shared_ptr<ProxyState> load(pickle::Reader& reader, std::uint64_t type) {
    return reader.get_once<std::uint8_t>() == 0 ? nullptr : ProxyState::load(reader, type);
  }

 private:
  [[noreturn, gnu::cold]] static void refuse_empty() {
    throw RuntimeError("concurrent::multiprocessing: this proxy means no object. Assign one that a Manager has made.");
  }

  std::shared_ptr<ProxyState> state_;
};

/// What travels is the way to the object: the copy means the same one.
template <class Proxy>
struct PicklerOfProxy {
  static void dump(pickle::Writer& writer, const Proxy& proxy) { Proxy::dump(writer, proxy); }
  static Proxy load(pickle::Reader& reader) {
    return Proxy(Proxy::load(reader, managed_type<typename Proxy::Value>()));
  }
};

struct HashOfProxy {
  std::size_t operator()(const ProxyBase& proxy) const noexcept { return proxy.hash(); }
};

/// What `update` does to one element: a copy is changed, and stored when the function has returned.
template <class T, class Function>
struct ManagedUpdate {
  static consteval bool returns_value() {
    if constexpr (std::is_invocable_v<Function, T>) {
      return std::is_convertible_v<std::invoke_result_t<Function, T>, T>;
    } else {
      return false;
    }
  }
  static consteval auto result_of() {
    if constexpr (returns_value()) {
      return std::type_identity<T>();
    } else {
      static_assert(std::is_invocable_v<Function, T&>,
                    "concurrent::multiprocessing: the function of update takes the value: T&, which it changes, or T, "
                    "and returns the new one.");
      return std::type_identity<std::decay_t<std::invoke_result_t<Function, T&>>>();
    }
  }
  using Result = typename decltype(result_of())::type;

  static Result run(T& element, Function& function) {
    T copy = element;
    if constexpr (returns_value()) {
      T changed = function(std::move(copy));
      element = changed;
      return changed;
    } else if constexpr (std::is_void_v<Result>) {
      function(copy);
      element = std::move(copy);
    } else {
      Result result = function(copy);
      element = std::move(copy);
      return result;
    }
  }
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/multiprocessing/detail/proxy_base.impl.hpp>
#endif
