// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/proxy_base.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {

class Manager;

namespace detail {

/// What runs in the server.
template <class T>
struct ManagedList {
  using Value = std::deque<T>;

  static ObjectId make(ManagedKey, std::vector<T> elements) {
    auto made = std::make_shared<ManagedValue<Value>>(std::make_move_iterator(elements.begin()),
                                                      std::make_move_iterator(elements.end()));
    return detail::add_managed_object(made);
  }
  static void append(ManagedKey key, T element) { Held<Value>(key)->push_back(std::move(element)); }
  static void extend(ManagedKey key, std::vector<T> elements) {
    const Held<Value> list(key);
    const std::size_t before = list->size();
    try {
      for (T& element : elements) list->push_back(std::move(element));
    } catch (...) {  // all or nothing
      while (list->size() > before) list->pop_back();
      throw;
    }
  }
  static void insert(ManagedKey key, std::size_t index, T element) {
    const Held<Value> list(key);
    if (is_negative(index)) index = is_negative(index + list->size()) ? 0 : index + list->size();
    list->insert(list->begin() + static_cast<std::ptrdiff_t>((std::min)(index, list->size())), std::move(element));
  }
  static T at(ManagedKey key, std::size_t index) {
    const Held<Value> list(key);
    return element(*list, index);
  }
  static void set(ManagedKey key, std::size_t index, T value) {
    const Held<Value> list(key);
    element(*list, index) = std::move(value);
  }
  static T pop_back(ManagedKey key) {
    const Held<Value> list(key);
    if (list->empty()) throw std::out_of_range("concurrent::multiprocessing: pop from an empty list.");
    T last = std::move(list->back());
    list->pop_back();
    return last;
  }
  static T pop(ManagedKey key, std::size_t index) {
    const Held<Value> list(key);
    T one = std::move(element(*list, index));
    list->erase(list->begin() + static_cast<std::ptrdiff_t>(counted(*list, index)));
    return one;
  }
  static void erase(ManagedKey key, std::size_t index) {
    const Held<Value> list(key);
    static_cast<void>(element(*list, index));
    list->erase(list->begin() + static_cast<std::ptrdiff_t>(counted(*list, index)));
  }
  static std::size_t size(ManagedKey key) { return Held<Value>(key)->size(); }
  static bool contains(ManagedKey key, T element) {
    const Held<Value> list(key);
    return std::find(list->begin(), list->end(), element) != list->end();
  }
  static void clear(ManagedKey key) {
    Value gone;  // destroyed when others go on already
    const Held<Value> list(key);
    list->swap(gone);
  }
  static std::vector<T> copy(ManagedKey key) {
    const Held<Value> list(key);
    return std::vector<T>(list->begin(), list->end());
  }
  template <class Function>
  static typename ManagedUpdate<T, Function>::Result update(ManagedKey key, std::size_t index,
                                                            pickle::Callable<Function> function) {
    const Held<Value> list(key);
    return ManagedUpdate<T, Function>::run(element(*list, index), function.function);
  }

 private:
  /// What was given as -1 and less counts from the end.
  static bool is_negative(std::size_t index) noexcept { return index > PTRDIFF_MAX; }
  static std::size_t counted(const Value& list, std::size_t index) noexcept {
    return is_negative(index) ? index + list.size() : index;
  }
  static T& element(Value& list, std::size_t index) {
    const std::size_t at = counted(list, index);
    if (at < list.size()) return list[at];
    throw std::out_of_range("concurrent::multiprocessing: index " + std::to_string(static_cast<std::ptrdiff_t>(index)) +
                            " of a list of " + std::to_string(list.size()) +
                            " elements. It must be below that, or -1 and less, which count from the end.");
  }
};

}  // namespace detail

/// A list in the server of a Manager: a handle, whose copies mean the same list, and that may be a task's argument or
/// result, a member of one, or an element of another list or dict. The list lives as long as a handle does, in whatever
/// process, or a message that has one, or the manager.
///
/// Each operation is applied whole or not at all, and one at a time; what is read is a copy. To read, change and write
/// as one, use update or apply.
///
/// Throws: each operation ManagerDied; RuntimeError inside of the server; PicklingError and UnpicklingError, or what
/// the type's own functions throw; std::system_error when there is no descriptor or thread for one more client.
/// Threads: any, at once. Blocks: while another operation is in the same list.
/// Python: `multiprocessing.managers.ListProxy`; but iterate over copy().
template <class T>
class ListProxy : public detail::ProxyBase {
  using Server = detail::ManagedList<T>;

 public:
  using value_type = T;
  /// No list: for a variable that gets one later.
  ListProxy() noexcept = default;

  /// Puts an element at the end.
  void append(const T& element) const { this->template call_server<&Server::append>(element); }
  /// Appends copies of what a range yields.
  template <class Range>
  void extend(const Range& elements) const {
    this->template call_server<&Server::extend>(std::vector<T>(std::begin(elements), std::end(elements)));
  }
  /// Puts an element before that index; beyond the end, at the end. Here and below, -1 is the last element, as in
  /// Python.
  void insert(std::size_t index, const T& element) const {
    this->template call_server<&Server::insert>(index, element);
  }
  /// A copy of the element. Throws: std::out_of_range.
  T at(std::size_t index) const { return this->template call_server<&Server::at>(index); }
  /// Throws: std::out_of_range.
  void set(std::size_t index, const T& element) const { this->template call_server<&Server::set>(index, element); }
  /// Takes the last element. Throws: std::out_of_range when there is none.
  T pop() const { return this->template call_server<&Server::pop_back>(); }
  /// Takes that element. Throws: std::out_of_range.
  T pop(std::size_t index) const { return this->template call_server<&Server::pop>(index); }
  /// Removes that element. Throws: std::out_of_range.
  void erase(std::size_t index) const { this->template call_server<&Server::erase>(index); }
  /// Python: `len(l)`.
  std::size_t size() const { return this->template call_server<&Server::size>(); }
  /// True: it has no elements at this moment.
  bool empty() const { return size() == 0; }
  /// Python: `element in l`.
  bool contains(const T& element) const { return this->template call_server<&Server::contains>(element); }
  /// Removes all elements.
  void clear() const { this->template call_server<&Server::clear>(); }
  /// All elements as they are at one moment.
  std::vector<T> copy() const { return this->template call_server<&Server::copy>(); }
  /// Changes an element in the server: `fn(T&)`, or `T fn(T)`, whose result is stored. When it throws the element stays
  /// as it was. Returns what fn returns.
  /// Throws: std::out_of_range; what fn throws.
  template <class Function>
  auto update(std::size_t index, const Function& fn) const {
    using F = std::decay_t<Function>;
    return this->template call_server<&Server::template update<F>>(index, pickle::Callable<F>{fn});
  }
  /// Runs `fn(std::deque<T>&, args...)` in the server, with the list to itself. Returns what it returns.
  template <class Function, class... Args>
  auto apply(const Function& fn, const Args&... args) const {
    return this->template apply_in_server<Value>(fn, args...);
  }

 private:
  friend Manager;
  friend detail::PicklerOfProxy<ListProxy>;
  using Value = typename Server::Value;
  explicit ListProxy(std::shared_ptr<detail::ProxyState> state) noexcept : ProxyBase(std::move(state)) {}
};

}  // namespace concurrent::multiprocessing::inline v0

template <class T>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::ListProxy<T>>
    : concurrent::multiprocessing::detail::PicklerOfProxy<concurrent::multiprocessing::ListProxy<T>> {};
template <class T>
struct std::hash<concurrent::multiprocessing::ListProxy<T>> : concurrent::multiprocessing::detail::HashOfProxy {};
