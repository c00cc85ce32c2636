// SPDX-License-Identifier: BSL-1.0
// What clients of a Manager may rely on besides its operations: more of rows ML, MD, MX, PX, MG and K57 to K61.
#include <concurrent/multiprocessing/manager.hpp>

#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/manager_clients.hpp"

namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;
using support::ManagerChecked;

namespace {

struct Owner {
  mp::ListProxy<int> list{};
  const mp::ListProxy<int>& get() const { return list; }
};

template <class List>
concept is_whole_list = requires(const List list, int i, std::size_t n, const std::vector<int>& range) {
  list.append(i);
  list.extend(range);
  list.insert(n, i);
  { list.at(n) } -> std::convertible_to<int>;
  list.set(n, i);
  { list.pop() } -> std::convertible_to<int>;
  { list.pop(n) } -> std::convertible_to<int>;
  list.erase(n);
  { list.size() } -> std::convertible_to<std::size_t>;
  { list.empty() } -> std::convertible_to<bool>;
  { list.contains(i) } -> std::convertible_to<bool>;
  list.clear();
  { list.copy() } -> std::convertible_to<std::vector<int>>;
};
static_assert(is_whole_list<mp::ListProxy<int>>);

template <class Dict>
concept is_whole_dict = requires(const Dict dict, int k, int v) {
  { dict.at(k) } -> std::convertible_to<int>;
  { dict.get(k) } -> std::convertible_to<std::optional<int>>;
  { dict.get(k, v) } -> std::convertible_to<int>;
  dict.set(k, v);
  { dict.setdefault(k, v) } -> std::convertible_to<int>;
  { dict.pop(k) } -> std::convertible_to<int>;
  { dict.erase(k) } -> std::convertible_to<bool>;
  { dict.contains(k) } -> std::convertible_to<bool>;
  { dict.size() } -> std::convertible_to<std::size_t>;
  { dict.keys() } -> std::convertible_to<std::vector<int>>;
  { dict.values() } -> std::convertible_to<std::vector<int>>;
  { dict.items() } -> std::convertible_to<std::vector<std::pair<int, int>>>;
  { dict.copy() } -> std::convertible_to<std::map<int, int>>;
  dict.clear();
};
static_assert(is_whole_dict<mp::DictProxy<int, int>>);

}  // namespace

TEST_CASE_METHOD(ManagerChecked,
                 "ML2 ML7 ML8 MD4 MS1 MN1 Manager: what a child does with a list, a dict, a set, a namespace") {
  mp::Manager manager;
  const auto list = manager.list<int>({4, 1, 4});
  const auto slice = manager.list<int>();
  const auto dict = manager.dict<int, int>({{1, 10}, {2, 20}});
  const auto set = manager.set<int>({1, 2});
  const auto names = manager.Namespace();
  names.set("x", 1);
  const pid_t child = support::fork_child([&] {
    using List = std::deque<int>;
    list.extend(std::vector{3, 2});
    const auto count = [](const List& l, int n) { return std::count(l.begin(), l.end(), n); };
    if (list.apply(count, 4) != 2) return 1;
    list.apply([](List& l) { std::sort(l.begin(), l.end()); });
    list.apply([](List& l) { std::reverse(l.begin(), l.end()); });
    if (list.copy() != std::vector{4, 4, 3, 2, 1}) return 2;
    slice.extend(list.apply([](const List& l) { return std::vector<int>(l.begin() + 1, l.begin() + 3); }));
    if (list.pop(0) != 4) return 3;
    list.insert(1, 9);
    list.erase(0);
    list.clear();
    if (dict.get(1) != std::optional(10) || !dict.contains(2) || dict.setdefault(3, 30) != 30) return 4;
    dict.update(std::map<int, int>{{4, 40}, {1, 11}});
    if (dict.pop(2) != 20) return 5;
    const auto pop_item = [](std::map<int, int>& d) {
      const std::pair<int, int> last = *d.rbegin();
      d.erase(last.first);
      return last;
    };
    if (dict.apply(pop_item) != std::pair(4, 40)) return 6;
    set.add(3);
    const auto keep = [](std::set<int>& s, const std::set<int>& other) {
      return std::erase_if(s, [&](int n) { return other.count(n) == 0; });
    };
    if (set.apply(keep, std::set<int>{2, 3, 5}) != 1) return 7;  // intersection, in place
    names.set("y", names.get<int>("x") + 1);
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(list.size() == 0);
  CHECK(slice.copy() == std::vector{4, 3});
  CHECK(dict.copy() == std::map<int, int>{{1, 11}, {3, 30}});
  CHECK(set.copy() == std::set{2, 3});
  CHECK(names.get<int>("y") == 2);
}

TEST_CASE_METHOD(ManagerChecked,
                 "ML4 ML6 Manager.list: inner lists are each their own, and what is gone over is a copy") {
  mp::Manager manager;
  auto outer = manager.list<mp::ListProxy<int>>();
  for (int i = 0; i < 3; ++i) outer.append(manager.list<int>({i}));
  outer.at(1).append(7);
  CHECK(outer.at(0).size() == 1);
  CHECK(outer.at(1).pop() == 7);
  CHECK(outer.at(2).copy() == std::vector{2});
  const auto kept = outer.pop(1);
  outer = {};
  CHECK(kept.copy() == std::vector{1});
  CHECK(manager.number_of_objects() == 1);
  for (const int n : kept.copy()) kept.append(n + 1);
  CHECK(kept.copy() == std::vector{1, 2});
}

TEST_CASE_METHOD(ManagerChecked, "MX7 Manager.make: a member that returns another shared object gives its proxy") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const auto owner = manager.make<Owner>(list);
  owner.call(&Owner::get).append(2);
  CHECK(list.copy() == std::vector{1, 2});
  const pid_t child = support::fork_child([&] {
    owner.call(&Owner::get).append(3);
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(list.copy() == std::vector{1, 2, 3});
}

TEST_CASE_METHOD(ManagerChecked, "PX8 Manager: what a call has thrown keeps no object alive") {
  mp::Manager manager;
  std::optional<mp::ListProxy<int>> list = manager.list<int>({1});
  std::exception_ptr kept;
  try {
    list->apply([](std::deque<int>&) { throw std::domain_error("no"); });
  } catch (const std::domain_error&) {
    kept = std::current_exception();
  }
  list.reset();
  CHECK(kept != nullptr);
  CHECK(support::eventually([&] { return manager.number_of_objects() == 0; }));
}

TEST_CASE_METHOD(ManagerChecked, "MG6 Manager.shutdown: a server that is stopped is killed") {
  mp::Manager manager;
  const pid_t server = manager.pid();
  ::kill(server, SIGSTOP);
  const auto start = support::Clock::now();
  manager.shutdown();
  CHECK(support::Clock::now() - start < 10s);
  CHECK_FALSE(support::alive(server));
}

TEST_CASE_METHOD(ManagerChecked, "MG8 Manager: at the program's end, whichever of it and its proxies goes first") {
  for (const bool manager_first : {true, false}) {
    const support::Counter server = support::Counter::make();
    const pid_t child = support::fork_child([&] {
      static std::optional<mp::ListProxy<int>> early;
      static std::optional<mp::Manager> manager;
      static std::optional<mp::ListProxy<int>> late;
      manager.emplace();
      (manager_first ? early : late) = manager->list<int>({1});
      server.add(static_cast<std::uint32_t>(manager->pid()));
      std::exit(0);
      return 1;
    });
    CHECK(support::wait_status(child) == 0);
    CHECK(support::eventually([&] { return !support::alive(static_cast<pid_t>(server.value())); }));
  }
}

TEST_CASE_METHOD(ManagerChecked,
                 "K57 Manager: a call that signals interrupt gets its own answer, and so do those after it") {
  mp::Manager manager;
  const auto list = manager.list<int>();
  const support::Counter ready = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    support::let_it_interrupt(SIGUSR1);
    ready.add();
    const auto own = manager.list<int>({0});
    for (int i = 1; i <= 200; ++i) {
      const int was = own.update(0, [](int& n) { return n++; });
      if (was != i - 1 || own.at(0) != i) return 1;
    }
    return 0;
  });
  ready.wait_until(1);
  CHECK(support::status_amid_signals(child, [&] { ::kill(manager.pid(), SIGINT); }) == 0);
  list.append(1);
  CHECK(list.size() == 1);
}

TEST_CASE_METHOD(ManagerChecked,
                 "K61 Manager: one that is killed with a lock out of a dict hands it over, and the dict stays") {
  mp::Manager manager;
  const auto dict = manager.dict<std::string, mp::Lock>();
  dict.set("lock", mp::Lock());
  support::kill_and_reap(support::child_that_stays([&] { dict.at("lock").acquire(); }));
  const mp::Lock lock = dict.at("lock");
  CHECK(lock.acquire() == mp::Acquired::owner_died);
  lock.release();
  CHECK(dict.size() == 1);
  CHECK(dict.at("lock") == lock);
}
