// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/proxy_base.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {

class Manager;

namespace detail {

template <class T, class... Args>
struct ManagedMake {
  static ObjectId run(ManagedKey, Args... args) {
    return detail::add_managed_object(std::make_shared<ManagedValue<T>>(std::move(args)...));
  }
};

}  // namespace detail

/// An object of the program's own in the server of a Manager: a handle, as ListProxy. The object itself never travels,
/// so its type need not pickle; arguments and results do.
/// ```cpp
/// auto board = manager.make<Board>("jobs", 3);
/// int rest = board.call(&Board::take, worker);
/// board.apply([](Board& b, int n) { b.jobs.resize(n); b.changed = true; }, 7);
/// ```
///
/// Throws: what the function throws, with its type; what it has changed before stays changed. And as ListProxy.
/// Threads: any, at once; the object sees one call at a time. Blocks: while another call of the same object runs.
/// Python: what `BaseManager.register` makes.
template <class T>
class Proxy : public detail::ProxyBase {
 public:
  using value_type = T;
  /// No object: for a variable that gets one later.
  Proxy() noexcept = default;

  /// Runs a member function in the server, or reads a data member. Returns what it returns, by value.
  template <class Member, class... Args>
  auto call(Member member, const Args&... args) const {
    static_assert(
        std::is_member_pointer_v<Member>,
        "concurrent::multiprocessing: call takes a member, call(&T::member, args...). For a function with the "
        "object as its first parameter use apply.");
    return this->template apply_in_server<T>(member, args...);
  }
  /// Runs `fn(T&, args...)` in the server, with the object to itself. Returns what it returns, by value.
  template <class Function, class... Args>
  auto apply(const Function& fn, const Args&... args) const {
    return this->template apply_in_server<T>(fn, args...);
  }

 private:
  friend Manager;
  friend detail::PicklerOfProxy<Proxy>;
  using Value = T;
  explicit Proxy(std::shared_ptr<detail::ProxyState> state) noexcept : ProxyBase(std::move(state)) {}
};

}  // namespace concurrent::multiprocessing::inline v0

template <class T>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Proxy<T>>
    : concurrent::multiprocessing::detail::PicklerOfProxy<concurrent::multiprocessing::Proxy<T>> {};
template <class T>
struct std::hash<concurrent::multiprocessing::Proxy<T>> : concurrent::multiprocessing::detail::HashOfProxy {};
