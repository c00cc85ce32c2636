// SPDX-License-Identifier: BSL-1.0
// Rows K48 to K64: deaths on both sides of a Manager.
#include <concurrent/multiprocessing/manager.hpp>

#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/holders.hpp"
#include "support/manager_clients.hpp"
#include "support/sanitizers.hpp"

namespace mp = concurrent::multiprocessing;
namespace ipc = concurrent::multiprocessing::detail;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using support::contains;
using support::holdings;
using support::ManagerChecked;
using support::RawClient;
using support::time_of;
using Clock = std::chrono::steady_clock;

namespace {

void stay(std::deque<int>&, mp::Value<int> word) {
  ++word.atomic();
  for (;;) std::this_thread::sleep_for(1h);
}

}  // namespace

TEST_CASE_METHOD(ManagerChecked,
                 "K50 K64 Manager: a server that is killed ends every call in progress, at once and with the reason") {
  mp::Manager other;
  const auto unharmed = other.list<mp::ListProxy<int>>();
  mp::Manager manager;
  const auto list = manager.list<int>();
  unharmed.append(list);
  constexpr int callers = 8;
  const mp::Value<int> running;
  std::vector<std::thread> threads;
  std::atomic<int> told{0};
  std::atomic<std::int64_t> killed{0};
  std::atomic<std::int64_t> slowest{0};
  for (int i = 0; i < callers; ++i) {
    const auto own = manager.list<int>();
    threads.emplace_back([&, own] {
      try {
        own.apply(stay, running);
      } catch (const mp::ManagerDied& error) {
        const std::int64_t took = Clock::now().time_since_epoch().count() - killed;
        if (took > slowest) slowest = took;
        if (error.pid() == manager.pid() && error.how() == "was killed by SIGKILL" &&
            contains(error.what(), "not known"))
          ++told;
      }
    });
  }
  support::eventually([&] { return running.load() == callers; }, support::patience);
  killed = Clock::now().time_since_epoch().count();
  ::kill(manager.pid(), SIGKILL);
  for (std::thread& thread : threads) thread.join();
  CHECK(told == callers);
  const double milliseconds = static_cast<double>(slowest) / 1e6;
  INFO("the last of them was told after " << milliseconds << " ms");
  CHECK(milliseconds < 50 * (support::sanitizes_addresses_or_threads ? 20 : 1));
  CHECK_THROWS_AS(list.size(), mp::ManagerDied);
  CHECK_THROWS_AS(manager.list<int>(), mp::ManagerDied);
  CHECK_THROWS_AS(unharmed.at(0).size(), mp::ManagerDied);
  CHECK(unharmed.size() == 1);
  mp::Manager after;
  CHECK(after.list<int>({1}).at(0) == 1);
}

TEST_CASE_METHOD(ManagerChecked, "K50 Manager: the program's own function ends the server: the reason is told") {
  const auto end_by = [](void (*how)(std::deque<int>&)) {
    mp::Manager manager;
    const auto list = manager.list<int>();
    return support::message_of<mp::ManagerDied>([&] { list.apply(how); });
  };
  CHECK(contains(end_by([](std::deque<int>&) { ::raise(SIGKILL); }), "was killed by SIGKILL"));
  CHECK(contains(end_by([](std::deque<int>&) { std::exit(3); }), "exited with status 3"));
  CHECK(contains(end_by([](std::deque<int>&) { ::_exit(0); }), "exited with status 0"));
}

TEST_CASE_METHOD(ManagerChecked, "K48 K49 K52 K58 Manager: whoever stops in the middle of an operation delays nobody") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const auto large = manager.list<std::string>({std::string(std::size_t{4} << 20, 'x')});
  const auto busy = manager.list<int>();
  const mp::Value<int> running;
  std::vector<RawClient> stopped;
  for (int i = 0; i < 3; ++i) stopped.emplace_back(list);
  // One has said half of a frame's head, one half of a call, and one does not read a large answer.
  stopped[0].bytes("\x63", 1);
  ipc::ManagerFrame head;
  head.size = 1000;
  stopped[1].bytes(&head, sizeof head);
  stopped[1].bytes("half", 4);
  const pid_t reader = support::child_that_stays([&] {
    std::thread([&] { static_cast<void>(large.copy()); }).detach();
    support::eventually([&] { return large.contains("not this one"); }, 0ms);
  });
  ::kill(reader, SIGSTOP);
  std::atomic<bool> died{false};  // Catch's checks are for one thread
  std::thread caller([&] {
    try {
      busy.apply(stay, running);
    } catch (const mp::ManagerDied&) {
      died = true;
    }
  });
  support::eventually([&] { return running.load() == 1; }, support::patience);
  Clock::duration fastest = 1h;
  for (int i = 0; i < 20; ++i) {
    fastest = std::min(fastest, time_of([&] {
                         list.append(i);
                         CHECK(large.size() == 1);
                       }));
  }
  CHECK(fastest < 20ms);
  ::kill(reader, SIGKILL);
  CHECK(WIFSIGNALED(support::wait_status(reader)));
  CHECK(list.size() == 21);
  CHECK(time_of([&] { manager.shutdown(); }) < 10s);  // what runs has its moment, and no more
  caller.join();
  CHECK(died);
}

TEST_CASE_METHOD(ManagerChecked,
                 "K48 K62 K63 Manager: clients killed at random take nothing with them and leave nothing behind") {
  mp::Manager manager;
  const auto sum = manager.list<long>({0});
  const auto start = holdings(manager.pid());
  const mp::Value<int> returned;
  std::minstd_rand random(7);
  constexpr int kills = 40;
  for (int i = 0; i < kills; ++i) {
    const support::Counter ready = support::Counter::make();
    const pid_t child = support::fork_child([&] {
      const auto own = manager.list<int>({1, 2, 3});
      for (;;) {
        sum.update(0, [](long& n) { ++n; });
        returned.fetch_add(1);
        own.append(1);
        ready.add();
      }
      return 0;
    });
    ready.wait_until(1);
    for (int turns = static_cast<int>(random() % 2000); turns > 0; --turns)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    ::kill(child, SIGKILL);
    CHECK(WIFSIGNALED(support::wait_status(child)));
  }
  support::eventually([&] { return manager.number_of_objects() == 1; }, support::patience);
  CHECK(manager.number_of_objects() == 1);
  CHECK(sum.at(0) >= returned.load());
  CHECK(sum.at(0) <= returned.load() + kills);
  support::eventually([&] { return holdings(manager.pid()) <= start; }, support::patience);
  CHECK(holdings(manager.pid()) == start);
}

TEST_CASE_METHOD(ManagerChecked, "K63 Manager: 100 000 clients killed in turn, and the server is as it was [long]",
                 "[long]") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const auto memory = [&] { return std::stol(support::status_field(std::to_string(manager.pid()), "VmRSS")); };
  long before = 0;
  std::pair<std::size_t, std::size_t> start;
  for (int i = 0; i < 100'000; ++i) {
    const RawClient client(list);
    ipc::ManagerFrame head;
    head.size = 100;
    client.bytes(&head, sizeof head / (i % 2 == 0 ? 1 : 2));  // and it is gone, in the middle of a frame
    if (i % 1000 == 0) {
      const pid_t child = support::child_that_stays([&] { list.append(i); });
      support::kill_and_reap(child);
    }
    if (i == 1000) {
      support::eventually([&] { return holdings(manager.pid()).second < 10; }, support::patience);
      before = memory();
      start = holdings(manager.pid());
    }
  }
  support::eventually([&] { return holdings(manager.pid()) <= start; }, support::patience);
  CHECK(holdings(manager.pid()) <= start);
  INFO("resident before and after: " << before << ", " << memory() << " KiB");
  CHECK(memory() < before + 2048);
}

TEST_CASE_METHOD(ManagerChecked,
                 "Manager: hostile bytes are answered or their sender is dropped, and the server lives") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  using Kind = ipc::ManagerFrame::Kind;
  std::minstd_rand random(11);
  for (int i = 0; i < 60; ++i) {
    const RawClient client(list, i % 4 != 0);
    std::vector<std::uint8_t> bytes(random() % 300);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (i % 2 == 0) {
      client.bytes(bytes.data(), bytes.size());
    } else {
      client.frame(static_cast<Kind>(random() % 9), bytes.data(), bytes.size());
    }
  }
  {
    const RawClient client(list);
    client.frame(Kind::call, "nonsense", 8);
    CHECK(client.answers());  // with what was wrong
    ipc::ManagerFrame damaged;
    damaged.size = 4;
    client.bytes(&damaged, sizeof damaged);
    client.bytes("some", 4);
    CHECK(client.answers());
    ipc::ManagerFrame huge;
    huge.size = ~std::uint64_t{0};
    client.bytes(&huge, sizeof huge);
    client.bytes("some", 4);
  }
  {  // a whole call, with each of its bytes changed
    pickle::detail::VectorWriter call;
    pickle::dump_call<pickle::Pickle>(call, ipc::ManagedFunction<&ipc::ManagedList<int>::append>{}, ipc::ManagedKey{1},
                                      5);
    const RawClient client(list);
    const std::vector<std::byte> whole = call.take();
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::vector<std::byte> changed = whole;
      changed[i] ^= static_cast<std::byte>(1U << random() % 8);
      client.frame(Kind::call, changed.data(), changed.size());
      CHECK(client.answers());
      client.frame(Kind::call, whole.data(), i);
      CHECK(client.answers());
    }
    const ipc::SharedId secret{1, 2};
    client.frame(Kind::quit, &secret, sizeof secret);
    CHECK_FALSE(client.answers());
  }
  CHECK(list.at(0) == 1);
}

TEST_CASE_METHOD(ManagerChecked, "K55 Manager: the server ends with the process that made it, however that ends") {
  const mp::Value<int> server;
  const pid_t maker = support::child_that_stays([&] {
    auto* const manager = new mp::Manager;
    server.store(manager->pid());
    static auto list = manager->list<int>({1});
    CHECK(list.size() == 1);
  });
  CHECK(support::alive(server.load()));
  support::kill_and_reap(maker);
  const Clock::duration took =
      time_of([&] { support::eventually([&] { return !support::alive(server.load()); }, support::patience); });
  CHECK(took < (support::sanitizes_addresses_or_threads ? 10s : 1s));
}

TEST_CASE_METHOD(ManagerChecked, "K54 Manager: a client without descriptors is told so, and goes on when it has some") {
  if (support::sanitizer_needs_descriptors) return;
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const pid_t child = support::fork_child([&] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{3, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    try {
      list.size();
      return 1;
    } catch (const std::system_error& error) {
      if (error.code().value() != EMFILE) return 2;
    }
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return list.size() == 1 ? 0 : 3;
  });
  CHECK(support::wait_status(child) == 0);
}
