// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/proxy_base.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <type_traits>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {

class Manager;

namespace detail {

/// What runs in the server.
template <class T>
struct ManagedSet {
  using Value = std::set<T>;

  static ObjectId make(ManagedKey, Value elements) {
    return detail::add_managed_object(std::make_shared<ManagedValue<Value>>(std::move(elements)));
  }
  static bool add(ManagedKey key, T element) { return Held<Value>(key)->insert(std::move(element)).second; }
  static bool discard(ManagedKey key, T element) { return Held<Value>(key)->erase(element) != 0; }
  static bool contains(ManagedKey key, T element) { return Held<Value>(key)->count(element) != 0; }
  static std::size_t size(ManagedKey key) { return Held<Value>(key)->size(); }
  static void clear(ManagedKey key) {
    Value gone;  // destroyed when others go on already
    const Held<Value> set(key);
    set->swap(gone);
  }
  static Value copy(ManagedKey key) {
    const Held<Value> set(key);
    return *set;
  }
};

}  // namespace detail

/// A set in the server of a Manager: a handle, as ListProxy.
///
/// Throws: as ListProxy; what an element's operator< throws.
/// Threads: any, at once. Blocks: while another operation is in the same set.
/// Python: `multiprocessing.managers.SetProxy`.
template <class T>
class SetProxy : public detail::ProxyBase {
  using Server = detail::ManagedSet<T>;

 public:
  using value_type = T;
  /// No set: for a variable that gets one later.
  SetProxy() noexcept = default;

  /// False: it is there already.
  bool add(const T& element) const { return this->template call_server<&Server::add>(element); }
  /// False: it is not there.
  bool discard(const T& element) const { return this->template call_server<&Server::discard>(element); }
  /// Python: `element in s`.
  bool contains(const T& element) const { return this->template call_server<&Server::contains>(element); }
  /// Python: `len(s)`.
  std::size_t size() const { return this->template call_server<&Server::size>(); }
  /// True: it has no elements at this moment.
  bool empty() const { return size() == 0; }
  /// Removes all elements.
  void clear() const { this->template call_server<&Server::clear>(); }
  /// All elements as they are at one moment.
  std::set<T> copy() const { return this->template call_server<&Server::copy>(); }
  /// Runs `fn(std::set<T>&, args...)` in the server, with the set to itself. Returns what it returns.
  template <class Function, class... Args>
  auto apply(const Function& fn, const Args&... args) const {
    return this->template apply_in_server<Value>(fn, args...);
  }

 private:
  friend Manager;
  friend detail::PicklerOfProxy<SetProxy>;
  using Value = typename Server::Value;
  explicit SetProxy(std::shared_ptr<detail::ProxyState> state) noexcept : ProxyBase(std::move(state)) {}
};

}  // namespace concurrent::multiprocessing::inline v0

template <class T>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::SetProxy<T>>
    : concurrent::multiprocessing::detail::PicklerOfProxy<concurrent::multiprocessing::SetProxy<T>> {};
template <class T>
struct std::hash<concurrent::multiprocessing::SetProxy<T>> : concurrent::multiprocessing::detail::HashOfProxy {};
