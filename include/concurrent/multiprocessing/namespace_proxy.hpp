// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/proxy_base.hpp>

#include <any>
#include <map>
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
struct ManagedNamespace {
  using Value = std::map<std::string, std::any>;

  static ObjectId make(ManagedKey) { return detail::add_managed_object(std::make_shared<ManagedValue<Value>>()); }
  template <class T>
  static void set(ManagedKey key, std::string name, T value) {
    std::any any(std::in_place_type<T>, std::move(value));
    const Held<Value> names(key);
    names->insert_or_assign(std::move(name), std::move(any));
  }
  template <class T>
  static T get(ManagedKey key, const std::string& name) {
    const Held<Value> names(key);
    const auto found = names->find(name);
    if (found == names->end()) {
      throw std::out_of_range("concurrent::multiprocessing: a Namespace does not have the name \"" + name +
                              "\". Set it first, or ask whether it contains it.");
    }
    if (const T* value = std::any_cast<T>(&found->second)) return *value;
    throw std::invalid_argument("concurrent::multiprocessing: the value of \"" + name +
                                "\" in a Namespace is of another type. Get it as the type with which it was set (text "
                                "between quotes is a std::string).");
  }
  static bool contains(ManagedKey key, const std::string& name) { return Held<Value>(key)->count(name) != 0; }
  static bool erase(ManagedKey key, const std::string& name) { return Held<Value>(key)->erase(name) != 0; }
  static std::vector<std::string> names(ManagedKey key) {
    const Held<Value> names(key);
    std::vector<std::string> all;
    for (const auto& [name, value] : *names) all.push_back(name);
    return all;
  }
};

}  // namespace detail

/// Values of any types by their names, in the server of a Manager: a handle, as ListProxy.
///
/// Throws: as ListProxy.
/// Threads: any, at once. Blocks: while another operation is in the same one.
/// Python: `multiprocessing.managers.Namespace`, with set and get in the place of attributes.
class NamespaceProxy : public detail::ProxyBase {
  using Server = detail::ManagedNamespace;

 public:
  /// No names: for a variable that gets them later.
  NamespaceProxy() noexcept = default;

  /// Text between quotes, or that a pointer points to, is stored as std::string.
  template <class T>
  void set(const std::string& name, const T& value) const {
    using Stored = pickle::detail::Pickled<const T&>;
    static_assert(
        std::is_copy_constructible_v<Stored>,
        "concurrent::multiprocessing: a value in a Namespace is copied when it is read, which this type cannot "
        "be. Make it an object of its own: manager.make<T>().");
    call_server<&Server::template set<Stored>>(name, value);
  }
  /// A copy of the value.
  /// Throws: std::out_of_range when there is none of that name; std::invalid_argument when it is of another type.
  template <class T>
  T get(const std::string& name) const {
    return call_server<&Server::template get<T>>(name);
  }
  /// Python: `hasattr(n, name)`.
  bool contains(const std::string& name) const { return call_server<&Server::contains>(name); }
  /// Python: `del`. False: there was none.
  bool erase(const std::string& name) const { return call_server<&Server::erase>(name); }
  /// All names, in their order.
  std::vector<std::string> names() const { return call_server<&Server::names>(); }

 private:
  friend Manager;
  friend detail::PicklerOfProxy<NamespaceProxy>;
  using Value = Server::Value;
  explicit NamespaceProxy(std::shared_ptr<detail::ProxyState> state) noexcept : ProxyBase(std::move(state)) {}
};

}  // namespace concurrent::multiprocessing::inline v0

template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::NamespaceProxy>
    : concurrent::multiprocessing::detail::PicklerOfProxy<concurrent::multiprocessing::NamespaceProxy> {};
template <>
struct std::hash<concurrent::multiprocessing::NamespaceProxy> : concurrent::multiprocessing::detail::HashOfProxy {};
