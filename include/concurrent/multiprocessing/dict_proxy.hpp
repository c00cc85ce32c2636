// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/proxy_base.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {

class Manager;

namespace detail {

/// What runs in the server.
template <class K, class V>
struct ManagedDict {
  using Value = std::map<K, V>;

  static ObjectId make(ManagedKey, Value items) {
    return detail::add_managed_object(std::make_shared<ManagedValue<Value>>(std::move(items)));
  }
  static V at(ManagedKey key, K k) {
    const Held<Value> dict(key);
    return find(*dict, k)->second;
  }
  static std::optional<V> get(ManagedKey key, K k) {
    const Held<Value> dict(key);
    const auto found = dict->find(k);
    return found == dict->end() ? std::nullopt : std::optional<V>(found->second);
  }
  static void set(ManagedKey key, K k, V value) {
    const Held<Value> dict(key);
    dict->insert_or_assign(std::move(k), std::move(value));
  }
  static V setdefault(ManagedKey key, K k, V value) {
    const Held<Value> dict(key);
    return dict->try_emplace(std::move(k), std::move(value)).first->second;
  }
  static V pop(ManagedKey key, K k) {
    const Held<Value> dict(key);
    const auto found = find(*dict, k);
    V value = std::move(found->second);
    dict->erase(found);
    return value;
  }
  static std::optional<V> pop_if(ManagedKey key, K k) {
    const Held<Value> dict(key);
    const auto found = dict->find(k);
    if (found == dict->end()) return std::nullopt;
    std::optional<V> value(std::move(found->second));
    dict->erase(found);
    return value;
  }
  static bool erase(ManagedKey key, K k) { return Held<Value>(key)->erase(k) != 0; }
  static bool contains(ManagedKey key, K k) { return Held<Value>(key)->count(k) != 0; }
  static std::size_t size(ManagedKey key) { return Held<Value>(key)->size(); }
  static void clear(ManagedKey key) {
    Value gone;  // destroyed when others go on already
    const Held<Value> dict(key);
    dict->swap(gone);
  }
  static std::vector<K> keys(ManagedKey key) {
    const Held<Value> dict(key);
    std::vector<K> all;
    all.reserve(dict->size());
    for (const auto& [k, value] : *dict) all.push_back(k);
    return all;
  }
  static std::vector<V> values(ManagedKey key) {
    const Held<Value> dict(key);
    std::vector<V> all;
    all.reserve(dict->size());
    for (const auto& [k, value] : *dict) all.push_back(value);
    return all;
  }
  static std::vector<std::pair<K, V>> items(ManagedKey key) {
    const Held<Value> dict(key);
    return std::vector<std::pair<K, V>>(dict->begin(), dict->end());
  }
  static Value copy(ManagedKey key) {
    const Held<Value> dict(key);
    return *dict;
  }
  /// All or nothing: a copy is changed.
  static void merge(ManagedKey key, Value items) {
    const Held<Value> dict(key);
    items.merge(Value(*dict));
    dict->swap(items);
  }
  template <class Function>
  static typename ManagedUpdate<V, Function>::Result update(ManagedKey key, K k, pickle::Callable<Function> function) {
    const Held<Value> dict(key);
    return ManagedUpdate<V, Function>::run(find(*dict, k)->second, function.function);
  }

 private:
  static typename Value::iterator find(Value& dict, const K& key) {
    const auto found = dict.find(key);
    if (found != dict.end()) return found;
    std::string which = "that key";
    if constexpr (std::is_convertible_v<const K&, std::string>) which = "the key \"" + std::string(key) + '"';
    if constexpr (std::is_integral_v<K>) which = "the key " + std::to_string(key);
    throw std::out_of_range("concurrent::multiprocessing: a dict of " + std::to_string(dict.size()) +
                            " items does not have " + which +
                            ". Where it may be missing use get, setdefault, or pop with a fallback.");
  }
};

}  // namespace detail

/// A dict in the server of a Manager: a handle, as ListProxy. Keys are in their order, as those of a std::map.
///
/// Throws: as ListProxy; what a key's operator< throws.
/// Threads: any, at once. Blocks: while another operation is in the same dict.
/// Python: `multiprocessing.managers.DictProxy`; but iterate over items(), and `d[k] += 1`, which loses updates there,
/// is update here.
template <class K, class V>
class DictProxy : public detail::ProxyBase {
  using Server = detail::ManagedDict<K, V>;

 public:
  /// What items are found by.
  using key_type = K;
  /// What they hold.
  using mapped_type = V;
  /// No dict: for a variable that gets one later.
  DictProxy() noexcept = default;

  /// A copy of the value. Throws: std::out_of_range. Python: `d[key]`.
  V at(const K& key) const { return this->template call_server<&Server::at>(key); }
  /// A copy of the value, if there is one.
  std::optional<V> get(const K& key) const { return this->template call_server<&Server::get>(key); }
  /// A copy of the value, or `fallback` if there is none.
  V get(const K& key, V fallback) const {
    std::optional<V> value = get(key);
    return value ? *std::move(value) : std::move(fallback);
  }
  /// Stores a value, in place of the one that is there. Python: `d[key] = value`.
  void set(const K& key, const V& value) const { this->template call_server<&Server::set>(key, value); }
  /// The value that is there, or else `value`, which is stored then.
  V setdefault(const K& key, const V& value) const {
    return this->template call_server<&Server::setdefault>(key, value);
  }
  /// Takes an item. Throws: std::out_of_range.
  V pop(const K& key) const { return this->template call_server<&Server::pop>(key); }
  /// Takes an item; `fallback` if there is none.
  V pop(const K& key, V fallback) const {
    std::optional<V> value = this->template call_server<&Server::pop_if>(key);
    return value ? *std::move(value) : std::move(fallback);
  }
  /// Removes an item. False: there was none.
  bool erase(const K& key) const { return this->template call_server<&Server::erase>(key); }
  /// Python: `key in d`.
  bool contains(const K& key) const { return this->template call_server<&Server::contains>(key); }
  /// Python: `len(d)`.
  std::size_t size() const { return this->template call_server<&Server::size>(); }
  /// True: it has no items at this moment.
  bool empty() const { return size() == 0; }
  /// Removes all items.
  void clear() const { this->template call_server<&Server::clear>(); }
  /// All keys, in their order.
  std::vector<K> keys() const { return this->template call_server<&Server::keys>(); }
  /// Copies of all values, in the order of their keys.
  std::vector<V> values() const { return this->template call_server<&Server::values>(); }
  /// Copies of all items, in the order of their keys.
  std::vector<std::pair<K, V>> items() const { return this->template call_server<&Server::items>(); }
  /// All items as they are at one moment.
  std::map<K, V> copy() const { return this->template call_server<&Server::copy>(); }
  /// Sets all of these items, at one moment.
  void update(const std::map<K, V>& items) const { this->template call_server<&Server::merge>(items); }
  /// Changes a value in the server: `fn(V&)`, or `V fn(V)`, whose result is stored. When it throws the value stays as
  /// it was. Returns what fn returns. Throws: std::out_of_range when there is none; what fn throws.
  template <class Function>
  auto update(const K& key, const Function& fn) const {
    using F = std::decay_t<Function>;
    return this->template call_server<&Server::template update<F>>(key, pickle::Callable<F>{fn});
  }
  /// Runs `fn(std::map<K, V>&, args...)` in the server, with the dict to itself. Returns what it returns.
  template <class Function, class... Args>
  auto apply(const Function& fn, const Args&... args) const {
    return this->template apply_in_server<Value>(fn, args...);
  }

 private:
  friend Manager;
  friend detail::PicklerOfProxy<DictProxy>;
  using Value = typename Server::Value;
  explicit DictProxy(std::shared_ptr<detail::ProxyState> state) noexcept : ProxyBase(std::move(state)) {}
};

}  // namespace concurrent::multiprocessing::inline v0

template <class K, class V>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::DictProxy<K, V>>
    : concurrent::multiprocessing::detail::PicklerOfProxy<concurrent::multiprocessing::DictProxy<K, V>> {};
template <class K, class V>
struct std::hash<concurrent::multiprocessing::DictProxy<K, V>> : concurrent::multiprocessing::detail::HashOfProxy {};
