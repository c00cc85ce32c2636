// SPDX-License-Identifier: BSL-1.0
// Rows ML, MD, MS, MN, ME, MX, PX and MG of the conformance of multiprocessing.
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>

#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <signal.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "support/holders.hpp"
#include "support/manager_clients.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using support::contains;
using support::ManagerChecked;

namespace {

template <class T>
T there_and_back(const T& value) {
  return pickle::loads<T>(pickle::dumps(value));
}

struct Board {
  std::string name;
  int left;
  std::vector<int> taken{};

  int take(int who) {
    if (left == 0) throw std::range_error("nothing left on " + name);
    taken.push_back(who);
    return --left;
  }
  const std::string& title() const { return name; }
};

struct Refuses {
  explicit Refuses(int value) {
    if (value < 0) throw std::domain_error("a negative value");
  }
};

struct CannotBeRead {
  int value = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
    if (value == 13) throw std::logic_error("13 cannot be pickled");
  }
};

}  // namespace

TEST_CASE_METHOD(ManagerChecked, "ML1 ML2 ML9 Manager.list: what a list does") {
  mp::Manager manager;
  const std::vector<int> input{3, 1, 2};
  const auto list = manager.list<int>(input);
  CHECK(list.copy() == input);
  list.append(7);
  list.extend(std::vector{8, 9});
  list.insert(0, 5);
  list.insert(100, 6);
  CHECK(list.copy() == std::vector{5, 3, 1, 2, 7, 8, 9, 6});
  CHECK(list.size() == 8);
  CHECK(list.at(1) == 3);
  list.set(1, 4);
  CHECK(list.pop() == 6);
  CHECK(list.pop(0) == 5);
  list.erase(0);
  CHECK(list.contains(9));
  CHECK_FALSE(list.contains(4));
  CHECK(list.update(0, [](int& n) {
    n *= 10;
    return std::string("was changed");
  }) == "was changed");
  CHECK(list.update(1, [](int n) { return n + 1; }) == 3);
  CHECK(list.copy() == std::vector{10, 3, 7, 8, 9});
  CHECK(list.apply([](std::deque<int>& l, int least) { return std::erase_if(l, [=](int n) { return n < least; }); },
                   8) == 2);
  CHECK(list.copy() == std::vector{10, 8, 9});
  list.clear();
  CHECK(list.empty());
  CHECK(input == std::vector{3, 1, 2});
  CHECK(contains(support::message_of<std::out_of_range>([&] { list.at(3); }), "index 3 of a list of 0 elements"));
  CHECK_THROWS_AS(list.set(0, 1), std::out_of_range);
  CHECK_THROWS_AS(list.erase(0), std::out_of_range);
  CHECK_THROWS_AS(list.pop(), std::out_of_range);
  CHECK_THROWS_AS(list.update(0, [](int& n) { ++n; }), std::out_of_range);
  CHECK(manager.list<std::string>({"one", "two"}).copy() == std::vector<std::string>{"one", "two"});
  CHECK(manager.list(input).copy() == input);
  CHECK(manager.list<bool>({true, false}).at(0));
  CHECK(contains(support::message_of<mp::RuntimeError>([] { mp::ListProxy<int>().size(); }), "means no object"));
}

TEST_CASE_METHOD(ManagerChecked, "ML1 Manager.list: negative indices count from the end, as in Python") {
  mp::Manager manager;
  const auto list = manager.list<int>({1, 2});
  list.insert(static_cast<std::size_t>(-1), 9);
  CHECK(list.copy() == std::vector{1, 9, 2});
  list.insert(static_cast<std::size_t>(-100), 0);
  CHECK(list.copy() == std::vector{0, 1, 9, 2});
  CHECK(list.at(static_cast<std::size_t>(-1)) == 2);
  list.set(static_cast<std::size_t>(-4), 5);
  list.update(static_cast<std::size_t>(-2), [](int& element) { ++element; });
  list.erase(static_cast<std::size_t>(-3));
  CHECK(list.copy() == std::vector{5, 10, 2});
  CHECK(list.pop(static_cast<std::size_t>(-2)) == 10);
  CHECK(support::contains(support::message_of<std::out_of_range>([&] { list.at(static_cast<std::size_t>(-3)); }),
                          "index -3 of a list of 2"));
}

namespace {
class Maker {
 public:
  mp::Array<int> array(int n) {
    const mp::Array<int> made(static_cast<std::size_t>(n));
    made[0] = n;
    return made;
  }
  mp::Queue<int> queue() {
    const mp::Queue<int> made(4);
    made.put(7);
    return made;
  }
};
}  // namespace

TEST_CASE_METHOD(ManagerChecked,
                 "ME1 Manager: shared memory that only its server has arrives with whoever takes it out") {
  mp::Manager manager;
  const auto arrays = manager.list<mp::Array<int>>();
  const auto queues = manager.dict<int, mp::Queue<int>>();
  for (int round = 0; round < 20; ++round) {
    {
      const mp::Array<int> array(3);
      array[1] = round;
      arrays.append(array);
      const mp::Queue<int> queue(2);
      queue.put(round);
      queues.set(1, queue);
    }
    CHECK(arrays.pop()[1] == round);
    CHECK(queues.pop(1).get() == round);
  }
  const auto maker = manager.make<Maker>();
  CHECK(maker.call(&Maker::array, 100'000)[0] == 100'000);
  CHECK(maker.call(&Maker::queue).get() == 7);
}

TEST_CASE_METHOD(ManagerChecked, "MD1 MD2 MD5 Manager.dict: what a dict does") {
  mp::Manager manager;
  const auto dict = manager.dict<std::string, int>({{"two", 2}, {"one", 1}});
  dict.set("three", 3);
  CHECK(dict.at("two") == 2);
  CHECK(dict.get("two") == std::optional(2));
  CHECK(dict.get("four") == std::nullopt);
  CHECK(dict.get("four", 44) == 44);
  CHECK(dict.setdefault("one", 7) == 1);
  CHECK(dict.setdefault("five", 5) == 5);
  CHECK(dict.pop("five") == 5);
  CHECK(dict.pop("five", -5) == -5);
  CHECK(dict.contains("one"));
  CHECK(dict.size() == 3);
  CHECK(dict.keys() == std::vector<std::string>{"one", "three", "two"});
  CHECK(dict.values() == std::vector{1, 3, 2});
  CHECK(dict.items().front() == std::pair<std::string, int>("one", 1));
  CHECK(dict.copy() == std::map<std::string, int>{{"one", 1}, {"three", 3}, {"two", 2}});
  dict.update("one", [](int& n) { ++n; });
  dict.update(std::map<std::string, int>{{"six", 6}, {"two", 22}});
  CHECK(dict.at("one") == 2);
  CHECK(dict.at("two") == 22);
  CHECK(dict.erase("six"));
  CHECK_FALSE(dict.erase("six"));
  CHECK(contains(support::message_of<std::out_of_range>([&] { dict.at("six"); }), "does not have the key \"six\""));
  CHECK_THROWS_AS(dict.pop("six"), std::out_of_range);
  CHECK_THROWS_AS(dict.update("six", [](int& n) { ++n; }), std::out_of_range);
  CHECK(dict.apply([](std::map<std::string, int>& d) { return d.begin()->first; }) == "one");
  dict.clear();
  CHECK(dict.empty());
  CHECK(manager.dict(std::map<int, int>{{1, 2}}).at(1) == 2);
}

TEST_CASE_METHOD(ManagerChecked, "MS1 MN1 Manager.set, Manager.Namespace: what they do") {
  mp::Manager manager;
  const auto set = manager.set<int>({3, 1, 3});
  CHECK(set.add(2));
  CHECK_FALSE(set.add(2));
  CHECK(set.discard(1));
  CHECK_FALSE(set.discard(1));
  CHECK(set.contains(3));
  CHECK(set.size() == 2);
  CHECK(set.copy() == std::set{2, 3});
  CHECK(set.apply([](std::set<int>& s, int n) { return s.count(n); }, 3) == 1);
  const auto names = manager.Namespace();
  names.set("text", "between quotes");
  names.set("number", 2.5);
  names.set("numbers", std::vector{1, 2});
  CHECK(names.get<std::string>("text") == "between quotes");
  CHECK(names.get<double>("number") == 2.5);
  CHECK(names.get<std::vector<int>>("numbers").size() == 2);
  CHECK(names.names() == std::vector<std::string>{"number", "numbers", "text"});
  CHECK(names.erase("text"));
  CHECK_FALSE(names.contains("text"));
  CHECK(contains(support::message_of<std::out_of_range>([&] { names.get<int>("text"); }), "\"text\""));
  CHECK(contains(support::message_of<std::invalid_argument>([&] { names.get<int>("number"); }), "of another type"));
}

TEST_CASE_METHOD(ManagerChecked, "MX2 MX3 MX5 MX6 K51 Manager.make: objects of the program's own") {
  mp::Manager manager;
  const auto board = manager.make<Board>("jobs", 2);
  CHECK(board.call(&Board::title) == "jobs");
  CHECK(board.call(&Board::take, 7) == 1);
  CHECK(board.call(&Board::left) == 1);
  CHECK(board.apply([](Board& b, int more) { return b.left += more; }, 1) == 2);
  board.apply([](Board& b, std::string text) { b.name = text; }, "work");
  board.call(&Board::take, 8);
  board.call(&Board::take, 9);
  CHECK(contains(support::message_of<std::range_error>([&] { board.call(&Board::take, 9); }), "nothing left on work"));
  CHECK(board.apply([](const Board& b) { return b.taken; }) == std::vector{7, 8, 9});
  // What has been changed before it throws: of an element nothing, of an object all.
  const auto list = manager.list<int>({1});
  CHECK_THROWS_AS(list.update(0,
                              [](int& n) {
                                n = 2;
                                throw std::domain_error("half-way");
                              }),
                  std::domain_error);
  CHECK(list.at(0) == 1);
  CHECK_THROWS_AS(board.apply([](Board& b) {
    b.left = 77;
    throw std::domain_error("half-way");
  }),
                  std::domain_error);
  CHECK(board.call(&Board::left) == 77);

  const std::size_t before = manager.number_of_objects();
  CHECK(contains(support::message_of<std::domain_error>([&] { manager.make<Refuses>(-1); }), "negative"));
  CHECK(manager.number_of_objects() == before);
  const auto values = manager.list<CannotBeRead>();
  CHECK_THROWS_AS(values.append({13}), std::logic_error);
  values.append({12});
  values.apply([](std::deque<CannotBeRead>& l) { l[0].value = 13; });
  CHECK_THROWS_AS(values.at(0), std::logic_error);
  CHECK(values.size() == 1);
}

TEST_CASE_METHOD(ManagerChecked, "ML3 ML4 MD3 ME1 Manager: proxies and locks are values in containers") {
  mp::Manager manager;
  auto inner = manager.list<int>({1});
  const auto outer = manager.list<mp::ListProxy<int>>({inner, inner});
  const auto by_name = manager.dict<std::string, mp::ListProxy<int>>({{"inner", inner}});
  outer.at(0).append(2);
  CHECK(inner.copy() == std::vector{1, 2});
  CHECK(outer.at(1) == inner);
  CHECK(by_name.at("inner") == outer.at(0));
  CHECK(std::hash<mp::ListProxy<int>>()(outer.copy()[1]) == std::hash<mp::ListProxy<int>>()(inner));
  inner = {};
  CHECK(outer.at(0).size() == 2);
  outer.clear();
  CHECK(by_name.at("inner").size() == 2);
  CHECK(manager.number_of_objects() == 3);
  by_name.clear();
  CHECK(manager.number_of_objects() == 2);

  const auto kept = manager.dict<std::string, mp::Lock>();
  kept.set("lock", mp::Lock());
  const mp::Lock lock = kept.at("lock");
  lock.acquire();
  CHECK(kept.at("lock").locked());
  lock.release();
  mp::Queue<int> queue(3);
  const auto queues = manager.list<mp::Queue<int>>({queue});
  queues.at(0).put(5);
  CHECK(queue.get() == 5);
}

TEST_CASE_METHOD(ManagerChecked,
                 "PX2 PX3 PX5 K59 K60 Manager: an object lives as long as a handle or a message has it") {
  mp::Manager manager;
  std::optional<mp::ListProxy<int>> list = manager.list<int>({4});
  CHECK(manager.number_of_objects() == 1);
  const mp::ListProxy<int> copy = *list;
  const mp::ListProxy<int> loaded = there_and_back(*list);
  CHECK(loaded == copy);
  CHECK_FALSE(loaded == manager.list<int>({4}));
  CHECK(std::unordered_set<mp::ListProxy<int>>{copy, loaded}.size() == 1);
  CHECK(manager.number_of_objects() == 1);
  const std::vector<std::byte> message = pickle::dumps(manager.list<int>({5}));  // a temporary
  CHECK(manager.number_of_objects() == 2);
  CHECK(pickle::loads<mp::ListProxy<int>>(message).at(0) == 5);
  CHECK(manager.number_of_objects() == 1);
  CHECK(contains(support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::ListProxy<int>>(message); }),
                 "is gone"));
  using Dict = mp::DictProxy<int, int>;
  CHECK_THROWS_AS(pickle::loads<Dict>(pickle::dumps(copy)), pickle::UnpicklingError);
  CHECK(copy.size() == 1);
}

TEST_CASE_METHOD(ManagerChecked, "PX7 K55 K56 Manager: a forked child has a share of its own, and ends nothing") {
  std::optional<mp::Manager> manager(std::in_place);
  auto list = manager->list<int>();
  list.append(1);
  const support::Counter used = support::Counter::make();
  const support::Counter dropped = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    list.append(2);
    const auto own = manager->list<int>({8});
    used.add();
    dropped.wait_until(1);
    list.append(3);
    manager.reset();
    return list.copy() == std::vector{1, 2, 3} && own.at(0) == 8 ? 0 : 1;
  });
  used.wait_until(1);
  CHECK(manager->number_of_objects() == 2);
  list = {};
  dropped.add();
  CHECK(support::wait_status(child) == 0);
  support::eventually([&] { return manager->number_of_objects() == 0; }, support::patience);
  CHECK(manager->number_of_objects() == 0);
}

TEST_CASE_METHOD(ManagerChecked, "PX6 Manager: eight threads at once, each with its own answers, and no update lost") {
  mp::Manager manager;
  const auto dict = manager.dict<int, int>();
  const auto sum = manager.list<int>({0});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        dict.set(t, i);
        if (dict.at(t) != i) ++wrong;
        sum.update(0, [](int& n) { ++n; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(sum.at(0) == 400);
}

TEST_CASE_METHOD(ManagerChecked, "K53 ML5 Manager: what would wait for itself is refused at once") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const auto other = manager.list<int>({2});
  const auto use = [](std::deque<int>& l, mp::ListProxy<int> proxy) { return l.size() + proxy.size(); };
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { list.apply(use, list); }), "wait for itself"));
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { list.apply(use, other); }), "inside of the server"));
  CHECK(list.size() == 1);
}

TEST_CASE_METHOD(ManagerChecked,
                 "MG1 MG2 MG3 MG5 MG7 K58 Manager: made and ended, again and again, under every start method") {
  for (const std::string& method : mp::get_all_start_methods()) {
    for (int i = 0; i < 3; ++i) {
      mp::Manager manager(mp::get_context(method));
      const auto list = manager.list<int>({i});
      ::kill(manager.pid(), SIGINT);
      CHECK(list.at(0) == i);
      CHECK(manager.make<Board>("a", 1).apply([](Board&) { return mp::current_process().name.substr(0, 8); }) ==
            "Manager-");
      manager.shutdown();
      manager.shutdown();
      CHECK(contains(support::message_of<mp::ManagerDied>([&] { list.size(); }), "was shut down"));
      CHECK(contains(support::message_of<mp::ManagerDied>([&] { manager.list<int>(); }), "make a new Manager"));
      CHECK_THROWS_AS(there_and_back(list).size(), mp::ManagerDied);  // on use only
    }
  }
}
