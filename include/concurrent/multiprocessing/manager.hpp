// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/context.hpp>
#include <concurrent/multiprocessing/detail/manager_link.hpp>
#include <concurrent/multiprocessing/dict_proxy.hpp>
#include <concurrent/multiprocessing/list_proxy.hpp>
#include <concurrent/multiprocessing/namespace_proxy.hpp>
#include <concurrent/multiprocessing/object_proxy.hpp>
#include <concurrent/multiprocessing/set_proxy.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace concurrent::multiprocessing::inline v0 {

namespace detail {

class ManagerProcess;
template <class Range>
using ElementOf = std::decay_t<decltype(*std::begin(std::declval<const Range&>()))>;

}  // namespace detail

/// A process that holds ordinary C++ objects, for this one and all that it gives handles to: tasks of any pool, under
/// every start method, and processes that the program forks. Whoever is killed or stopped in the middle of an operation
/// holds up nobody else.
/// ```cpp
/// mp::Manager manager;
/// auto counts = manager.dict<std::string, int>();
/// pool.submit([](mp::DictProxy<std::string, int> d) { d.update("done", [](int& n) { ++n; }); }, counts);
/// ```
///
/// The server ends with the manager, or with the process that made it, however that ends; then every call, also one in
/// progress, throws ManagerDied.
///
/// Threads: any, at once. In a fork of the process that made it, a copy of the manager makes objects, too, but ends
/// nothing.
/// Python: `multiprocessing.Manager()`.
class Manager {
 public:
  /// Starts the server; the start method is the program's.
  Manager() : Manager(Context()) {}
  /// Under "fork" the server sees the memory of this process as it is now.
  ///
  /// Throws: std::system_error when the system refuses memory, a descriptor or a process; RuntimeError for "forkserver"
  /// and "spawn" in a program that has not called freeze_support, and when the server ends before it is ready.
  /// Blocks: until the server is ready.
  explicit Manager(Context context);
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  /// As shutdown().
  ~Manager();

  /// Makes a list, empty or of what a range yields.
  template <class T>
  ListProxy<T> list() {
    return make_proxy<ListProxy<T>, &detail::ManagedList<T>::make>(std::vector<T>());
  }
  /// Of copies of what a range yields.
  template <class T, class Range>
  ListProxy<T> list(const Range& elements) {
    return make_proxy<ListProxy<T>, &detail::ManagedList<T>::make>(
        std::vector<T>(std::begin(elements), std::end(elements)));
  }
  /// Of these elements.
  template <class T>
  ListProxy<T> list(std::initializer_list<T> elements) {
    return make_proxy<ListProxy<T>, &detail::ManagedList<T>::make>(std::vector<T>(elements));
  }
  /// Of copies of what a range yields, and of its elements' type.
  template <class Range, class T = detail::ElementOf<Range>>
  ListProxy<T> list(const Range& elements) {
    return list<T, Range>(elements);
  }

  /// Makes a dict, empty or of the pairs that a range yields, of which the last counts where keys are equal.
  template <class K, class V>
  DictProxy<K, V> dict() {
    return make_proxy<DictProxy<K, V>, &detail::ManagedDict<K, V>::make>(std::map<K, V>());
  }
  /// Of the pairs that a range yields.
  template <class K, class V, class Range>
  DictProxy<K, V> dict(const Range& items) {
    std::map<K, V> all;
    for (const auto& [key, value] : items) all.insert_or_assign(key, value);
    return make_proxy<DictProxy<K, V>, &detail::ManagedDict<K, V>::make>(all);
  }
  /// Of these pairs.
  template <class K, class V>
  DictProxy<K, V> dict(std::initializer_list<std::pair<K, V>> items) {
    return dict<K, V, std::initializer_list<std::pair<K, V>>>(items);
  }
  /// Of the items of a map.
  template <class K, class V>
  DictProxy<K, V> dict(const std::map<K, V>& items) {
    return make_proxy<DictProxy<K, V>, &detail::ManagedDict<K, V>::make>(items);
  }

  /// Makes a set, empty or of what a range yields.
  template <class T>
  SetProxy<T> set() {
    return make_proxy<SetProxy<T>, &detail::ManagedSet<T>::make>(std::set<T>());
  }
  /// Of copies of what a range yields.
  template <class T, class Range>
  SetProxy<T> set(const Range& elements) {
    return make_proxy<SetProxy<T>, &detail::ManagedSet<T>::make>(std::set<T>(std::begin(elements), std::end(elements)));
  }
  /// Of these elements.
  template <class T>
  SetProxy<T> set(std::initializer_list<T> elements) {
    return make_proxy<SetProxy<T>, &detail::ManagedSet<T>::make>(std::set<T>(elements));
  }

  /// Makes an empty namespace.
  NamespaceProxy Namespace() { return make_proxy<NamespaceProxy, &detail::ManagedNamespace::make>(); }

  /// Makes an object of the program's own in the server, T(args...) or T{args...}.
  /// Throws: what the constructor throws.
  template <class T, class... Args>
  Proxy<T> make(const Args&... args) {
    using Make = detail::ManagedMake<T, pickle::detail::Pickled<const Args&>...>;
    return make_proxy<Proxy<T>, &Make::run>(args...);
  }

  /// How many objects are in the server. Python: `_number_of_objects()`.
  std::size_t number_of_objects();

  /// Ends the server. Operations that run have a moment to finish; what is left then is cut off. Any number of times.
  /// Blocks: until the process is gone.
  void shutdown();

  /// The process id of the server.
  pid_t pid() const noexcept;

 private:
  template <class Proxy, auto function, class... Args>
  Proxy make_proxy(const Args&... args) {
    const std::shared_ptr<detail::ManagerLink> link = this->link();
    const detail::ObjectId object = detail::run_in_server<function>(*link, detail::ManagedKey{}, args...);
    return Proxy(std::make_shared<detail::ProxyState>(link, object, detail::managed_type<typename Proxy::Value>()));
  }
  std::shared_ptr<detail::ManagerLink> link() const;

  std::shared_ptr<detail::ManagerProcess> process_;
};

}  // namespace concurrent::multiprocessing::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/multiprocessing/detail/manager_process.hpp>
#endif
