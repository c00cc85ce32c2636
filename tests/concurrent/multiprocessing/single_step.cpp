// SPDX-License-Identifier: BSL-1.0
// One process goes through acquire, release, put, get and a manager's call instruction by instruction. It is killed
// after instruction n, for every n: nothing may be lost, doubled or held for ever. And it is stopped after each, while
// another uses the same object: nobody may be held up. A manager's server is taken through a call likewise.
//
// The default run takes some instructions of each way; "[long]" takes every one.
#include <concurrent/multiprocessing/barrier.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/semaphore.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>

#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/deadline.hpp"
#include "support/manager_clients.hpp"
#include "support/sanitizers.hpp"
#include "support/single_step.hpp"

namespace mp = concurrent::multiprocessing;
using mp::Acquired;

namespace {

using Checked = support::ManagerChecked;

/// After how many instructions of a way something is done, at the most.
std::size_t& most_trials() {
  static std::size_t most = 0;
  return most;
}
/// A test that takes every instruction, which takes its time.
class Whole {
 public:
  explicit Whole(const char* what) : deadline_(what, std::chrono::minutes(25)) { most_trials() = SIZE_MAX; }
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;
  ~Whole() { most_trials() = 0; }

 private:
  support::WithManagerLinks links_;
  support::WithHolders holders_;
  support::DeadlineGuard deadline_;
};
/// One that takes some.
class Strided {
 public:
  Strided() { most_trials() = support::slowness == 1 ? 8 : 3; }
  Strided(const Strided&) = delete;
  Strided& operator=(const Strided&) = delete;
  ~Strided() { most_trials() = 0; }
};

void nothing() {}

/// So that what a thread does once is not among the instructions.
void be_known() {
  const mp::Lock lock;
  lock.acquire();
  lock.release();
}

/// A thread that waits for something of the child's while that goes on.
class Beside {
 public:
  template <class Wait>
  explicit Beside(Wait wait)
      : thread_([this, wait] {
          number_ = static_cast<pid_t>(::syscall(SYS_gettid));
          wait();
        }) {
    const auto sleeps = [this] {
      const std::string call = support::read_text("/proc/self/task/" + std::to_string(number_) + "/syscall");
      return call.rfind(std::to_string(SYS_futex) + " ", 0) == 0;
    };
    support::eventually([&] { return number_ != 0 && sleeps(); });
  }
  ~Beside() { thread_.join(); }

 private:
  std::atomic<pid_t> number_{0};
  std::thread thread_;
};

/// `trial(child, n)` for a child that is stopped after n of the instructions of `body`, for each n. `beside()` makes
/// what there is beside the child.
template <class Before, class Body, class Make, class Trial>
void stop_after_each(const std::string& what, Before before, Body body, Make beside, Trial trial) {
  if (!support::may_trace()) {
    WARN("ptrace is not permitted");
    return;
  }
  const support::OneProcessor together;
  support::Landmarks landmarks;
  const auto stop_after = [&](std::size_t most, support::Landmarks& known) {
    for (;;) {
      support::Stepped child(before, body);
      beside();
      const support::Steps steps = child.steps(most, known);
      INFO("after " << steps.taken << " instructions of " << what);
      trial(child);
      if (!steps.missed) return steps.taken;
    }
  };
  support::Landmarks unused;  // of a way on which functions are looked up that later ones find
  stop_after(SIZE_MAX, unused);
  const std::size_t instructions = stop_after(SIZE_MAX, landmarks);
  const std::size_t stride = instructions / most_trials() + 1;
  for (std::size_t n = instructions % stride; n <= instructions; n += stride) stop_after(n, landmarks);
  std::printf("%s: %zu instructions, a stop each %zu\n", what.c_str(), instructions, stride);
}

/// Kills a child after each; then `after(whether it was past the body)`.
template <class Before, class Body, class Make, class After>
void kill_after_each(const std::string& what, Before before, Body body, Make beside, After after) {
  stop_after_each(what + ", killed", before, body, beside, [&](support::Stepped& child) {
    const bool past = child.is_past();
    child.kill();
    after(past);
  });
}
template <class Before, class Body, class After>
void kill_after_each(const std::string& what, Before before, Body body, After after) {
  kill_after_each(what, before, body, nothing, after);
}

/// `meanwhile()` while a child is stopped after each; then it goes on, and comes to its end.
template <class Body, class Meanwhile>
void use_while_stopped(const std::string& what, Body body, Meanwhile meanwhile) {
  stop_after_each(what + ", stopped", be_known, body, nothing, [&](support::Stepped& child) {
    meanwhile();
    CHECK(child.finish());
    child.kill();
  });
}

template <class L>
void lock_is_whole() {
  const L lock;
  const mp::Value<int> inside;
  const auto section = [&] {
    lock.acquire();
    inside.store(1);
    inside.store(0);
    lock.release();
  };
  kill_after_each("acquire and release", be_known, section, [&](bool past) {
    const Acquired got = lock.try_acquire();
    CHECK(got != Acquired::no);
    if (inside.exchange(0) == 1) CHECK(got == Acquired::owner_died);
    if (past) CHECK(got == Acquired::yes);
    lock.release();
    CHECK(lock.try_acquire() == Acquired::yes);
    lock.release();
  });
  use_while_stopped("acquire and release", section, [&] {
    const Acquired got = lock.try_acquire();
    CHECK(got != Acquired::owner_died);
    if (inside.load() == 1) CHECK(got == Acquired::no);
    if (got == Acquired::yes) lock.release();
  });
  // A contended one: it is ours all the time.
  lock.acquire();
  const auto try_in_vain = [&] { static_cast<void>(lock.acquire_for(std::chrono::nanoseconds(1))); };
  kill_after_each("acquire_for, in vain", be_known, try_in_vain, [&](bool) {
    std::thread([&] { CHECK(lock.try_acquire() == Acquired::no); }).join();
    lock.release();
    CHECK(lock.try_acquire() == Acquired::yes);
  });
  lock.release();
}

/// How many slots of the table are a thread's of whose end the kernel has not told.
std::size_t taken_slots() {
  using Table = mp::detail::HolderTable;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < Table::slot_count; ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, Table::mine().bytes().data() + i * Table::bytes / Table::slot_count, sizeof word);
    if ((word & concurrent::os::RobustList::thread_bits) != 0 && (word & concurrent::os::RobustList::owner_died) == 0)
      ++taken;
  }
  return taken;
}

/// A thread that uses a lock for the first time takes a slot, which its death gives back at every instant.
void first_use_is_whole() {
  const mp::Lock lock;
  be_known();
  const std::size_t taken = taken_slots();
  const auto section = [&] {
    lock.acquire();
    lock.release();
  };
  kill_after_each("a thread's first acquire and release", nothing, section, [&](bool) {
    CHECK(taken_slots() == taken);
    CHECK(lock.try_acquire() != Acquired::no);
    lock.release();
  });
}

template <class L>
void waiter_goes_on() {
  const L lock;
  std::atomic<Acquired> got{Acquired::no};
  const auto wait = [&] {
    got = lock.acquire_for(support::patience);
    if (got != Acquired::no) lock.release();
  };
  std::optional<Beside> waiter;
  kill_after_each(
      "release while another waits", [&] { lock.acquire(); }, [&] { lock.release(); }, [&] { waiter.emplace(wait); },
      [&](bool past) {
        waiter.reset();
        CHECK(got.load() != Acquired::no);
        if (past) CHECK(got.load() == Acquired::yes);
        CHECK_FALSE(lock.locked());
      });
}

template <class Item>
void queue_is_whole(const char* what, const Item& (*item)(int)) {
  const mp::Queue<Item> queue(4);
  const auto take = [&] {
    auto got = queue.try_get();
    if (got) queue.task_done();
    return got;
  };
  const auto is_free = [&] {
    for (int i = 0; i < 4; ++i) CHECK(queue.try_put(item(9)));
    CHECK_FALSE(queue.try_put(item(9)));
    for (int i = 0; i < 4; ++i) CHECK(take() == item(9));
    CHECK(take() == std::nullopt);
  };
  kill_after_each(
      std::string(what) + ": put", be_known, [&] { queue.put(item(1)); },
      [&](bool past) {
        const auto got = take();
        CHECK((got == std::nullopt || *got == item(1)));
        if (past) CHECK(got != std::nullopt);
        is_free();
      });
  const mp::Value<int> taken;
  kill_after_each(
      std::string(what) + ": get",
      [&] {
        for (int i = 1; i <= 3; ++i) queue.put(item(i));
        taken.store(0);
      },
      [&] { taken.store(queue.get() == item(1) ? 1 : 2); },
      [&](bool past) {
        CHECK(taken.load() != 2);
        auto first = take();
        REQUIRE(first != std::nullopt);
        const bool lost = *first == item(2);  // with the one that had taken it
        CHECK((lost || *first == item(1)));
        if (past) CHECK(lost);
        if (!lost) CHECK(take() == item(2));
        CHECK(take() == item(3));
        is_free();
        queue.join();  // the dead and this thread's earlier ones
      });
}

/// One that is killed when head has gone by what it took, and before it has freed the entry: the place is one again.
void place_is_free_again() {
  if (!support::may_trace()) {
    WARN("ptrace is not permitted");
    return;
  }
  const mp::Queue<int> queue(4);
  for (int i = 1; i <= 3; ++i) queue.put(i);
  {
    support::Stepped child(be_known, [&] { queue.get(); });
    while (queue.qsize() == 3 && child.step()) {
    }
  }
  CHECK(queue.get() == 2);
  CHECK(queue.get() == 3);
  int full_too_early = 0;
  for (int round = 0; round < 300; ++round) {  // until the entry's turn has come again
    for (int i = 0; i < 4; ++i) full_too_early += queue.try_put(i) ? 0 : 1;
    while (queue.try_get()) {
    }
  }
  CHECK(full_too_early == 0);
}

const int& number(int n) {
  static const std::vector<int> numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  return numbers[static_cast<std::size_t>(n)];
}
const std::string& text(int n) {  // that is no longer in its node
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> all;
    for (char c = '0'; c <= '9'; ++c) all.emplace_back(300, c);
    return all;
  }();
  return texts[static_cast<std::size_t>(n)];
}

void queue_goes_on() {
  const mp::Queue<int> queue(64);
  const auto use = [&](std::set<int>& here) {
    for (int i = 100; i < 110; ++i) {
      CHECK(queue.try_put(i));
      const auto got = queue.try_get();
      REQUIRE(got != std::nullopt);
      CHECK(here.insert(*got).second);
    }
  };
  const auto drain = [&](std::set<int>& here) {
    while (const auto got = queue.try_get()) CHECK(here.insert(*got).second);
  };
  stop_after_each(
      "put, stopped", be_known, [&] { queue.put(7); }, nothing,
      [&](support::Stepped& child) {
        std::set<int> got;
        use(got);
        CHECK(child.finish());
        drain(got);
        CHECK(got.size() == 11);
        child.kill();
      });
  const mp::Value<int> taken;
  stop_after_each(
      "get, stopped", be_known, [&] { taken.store(queue.get()); },
      [&] {
        taken.store(-1);
        for (int i = 1; i <= 3; ++i) queue.put(i);
      },
      [&](support::Stepped& child) {
        std::set<int> got;
        use(got);
        CHECK(child.finish());
        drain(got);
        CHECK(got.insert(taken.load()).second);
        CHECK(got.size() == 13);
        child.kill();
      });
}

void semaphores_are_whole() {
  const mp::BoundedSemaphore permits(2);
  const auto use = [&] {
    permits.acquire();
    permits.release();
  };
  kill_after_each("BoundedSemaphore", be_known, use, [&](bool) {
    CHECK(permits.value() == 2);
    CHECK(permits.try_acquire() != Acquired::no);
    CHECK(permits.try_acquire() != Acquired::no);
    CHECK(permits.try_acquire() == Acquired::no);
    permits.release(2);
  });
  use_while_stopped("BoundedSemaphore", use, [&] {
    CHECK(permits.try_acquire() == Acquired::yes);
    CHECK(permits.value() <= 1);
    permits.release();
  });
  const mp::Semaphore tokens(0);
  kill_after_each(
      "Semaphore.release", be_known, [&] { tokens.release(3); },
      [&](bool past) {
        const int value = tokens.value();
        CHECK((value == 3 || (value == 0 && !past)));
        for (int i = 0; i < value; ++i) tokens.acquire();
      });
}

void barrier_is_whole() {
  const mp::Barrier barrier(2);
  std::atomic<int> passed{-1};
  std::optional<Beside> first;
  const auto come = [&] {
    try {
      barrier.wait();
      passed = 1;
    } catch (const mp::BrokenBarrierError&) {
      passed = 0;
    }
  };
  kill_after_each(
      "Barrier.wait, the last of two", be_known, come,
      [&] {
        passed = -1;
        first.emplace(come);
      },
      [&](bool past) {
        barrier.abort();  // for one that was killed before it came
        first.reset();
        CHECK(passed != -1);
        if (past) CHECK(passed == 1);
        CHECK(barrier.broken());
        barrier.reset();
        CHECK(barrier.n_waiting() == 0);
      });
}

/// The threads of a manager's server: one is its first, each of the others answers one client.
std::vector<std::string> threads_of(pid_t server) {
  return support::names_in("/proc/" + std::to_string(server) + "/task");
}

/// What a client had sent when it was killed is done, or never will be, when the thread that answered it has ended.
bool has_one_client(const mp::Manager& manager) {
  return support::eventually([&] { return threads_of(manager.pid()).size() == 2; });
}

/// A manager with a list of two numbers, the first of which a client is about to raise; `calls` before: with enough of
/// them that call goes through memory.
struct ClientsCall {
  explicit ClientsCall(int calls_before) : calls(calls_before) {}

  auto before() const {
    return [this] {
      be_known();
      for (int i = 0; i < calls; ++i) static_cast<void>(list.size());
    };
  }
  auto add() const {
    return [this] { list.update(0, [](int& n) { ++n; }); };
  }
  std::string name() const { return "a manager's call after " + std::to_string(calls); }

  int calls;
  mp::Manager manager;
  const mp::ListProxy<int> list = manager.list<int>({0, 0});
};

void killed_client_holds_nobody(int calls) {
  ClientsCall call(calls);
  int before = 0;
  kill_after_each(call.name(), call.before(), call.add(), [&](bool past) {
    CHECK(has_one_client(call.manager));
    const int now = call.list.at(0);
    CHECK((now == before + 1 || (now == before && !past)));
    before = now;
    call.list.update(1, [](int& n) { ++n; });
  });
  CHECK(support::eventually([&] { return call.manager.number_of_objects() == 1; }));
}
void stopped_client_holds_nobody(int calls) {
  ClientsCall call(calls);
  int stops = 0;
  stop_after_each(call.name() + ", stopped", call.before(), call.add(), nothing, [&](support::Stepped& child) {
    ++stops;
    CHECK(call.list.size() == 2);
    CHECK(child.finish());
    child.kill();
  });
  CHECK(call.list.at(0) == stops);
}

/// The thread of a manager's server that answers the only connection.
pid_t answering_thread(pid_t server) {
  pid_t found = 0;
  support::eventually([&] {
    const auto threads = threads_of(server);
    for (const std::string& name : threads) {
      if (std::stoi(name) != server) found = std::stoi(name);
    }
    return threads.size() == 2;
  });
  return found;
}

/// Takes the server through a call and kills it after each of the call's instructions; the caller gets its answer, or
/// hears of the death.
void server_dies() {
  if (!support::may_trace()) {
    WARN("ptrace is not permitted");
    return;
  }
  const support::OneProcessor together;
  std::size_t answers = 0;
  const auto kill_after = [&](std::size_t most) {
    mp::Manager manager;
    const auto list = manager.list<int>({7});
    for (int i = 0; i < 10; ++i) static_cast<void>(list.size());
    const pid_t thread = answering_thread(manager.pid());
    REQUIRE(::ptrace(PTRACE_ATTACH, thread, nullptr, nullptr) == 0);
    REQUIRE(support::wait_stop(thread));
    std::atomic<int> got{-1};
    std::atomic<bool> died{false};
    std::thread caller([&] {
      try {
        got = list.at(0);
      } catch (const mp::ManagerDied&) {
        died = true;
      }
    });
    std::size_t steps = 0;
    while (steps < most && support::step_unless(thread, [&] { return got != -1; })) ++steps;
    support::kill_traced(manager.pid(), thread);
    caller.join();
    CHECK((got != -1) == !died);
    if (!died) CHECK(got == 7);
    answers += died ? 0u : 1u;
    return steps;
  };
  const std::size_t instructions = kill_after(SIZE_MAX);
  const std::size_t stride = instructions / most_trials() + 1;
  for (std::size_t n = instructions % stride; n <= instructions; n += stride) kill_after(n);
  CHECK(answers > 0);
  std::printf("a manager's server in a call: %zu instructions, a kill each %zu, %zu answers\n", instructions, stride,
              answers);
}

void locks_are_whole() {
  first_use_is_whole();
  lock_is_whole<mp::Lock>();
  lock_is_whole<mp::RLock>();
  waiter_goes_on<mp::Lock>();
  waiter_goes_on<mp::RLock>();
}
void counts_are_whole() {
  semaphores_are_whole();
  barrier_is_whole();
}
void queues_are_whole() {
  queue_is_whole("a small item", &number);
  queue_is_whole("a large item", &text);
  queue_goes_on();
}

}  // namespace

TEST_CASE_METHOD(Checked, "K5 K6 K9 Lock, RLock: killed and stopped after every so many instructions") {
  const Strided strided;
  locks_are_whole();
}
TEST_CASE_METHOD(Checked, "K20 K21 K31 Semaphore, Barrier: killed and stopped after every so many instructions") {
  const Strided strided;
  counts_are_whole();
}
TEST_CASE_METHOD(Checked, "K34 K35 K36 K37 Queue: killed and stopped after every so many instructions") {
  const Strided strided;
  queues_are_whole();
}
TEST_CASE_METHOD(Checked, "K36 Queue: the place of an item whose taker was killed is a place again") {
  place_is_free_again();
}
TEST_CASE_METHOD(Checked, "K48 K49 Manager: a client killed and stopped after every so many instructions of a call") {
  if (support::slowness != 1) return;  // a call has a hundred thousand instructions then
  const Strided strided;
  killed_client_holds_nobody(10);
  stopped_client_holds_nobody(10);
}
TEST_CASE_METHOD(Checked, "K50 Manager: a server killed after every so many instructions of a call") {
  if (support::slowness != 1) return;
  const Strided strided;
  server_dies();
}

TEST_CASE("K5 K6 K9 Lock, RLock: killed and stopped after every instruction [long]", "[long]") {
  const Whole whole("locks, every instruction");
  locks_are_whole();
}
TEST_CASE("K20 K21 K31 Semaphore, Barrier: killed and stopped after every instruction [long]", "[long]") {
  const Whole whole("semaphores and barriers, every instruction");
  counts_are_whole();
}
TEST_CASE("K34 K35 K36 K37 Queue: killed and stopped after every instruction [long]", "[long]") {
  const Whole whole("queues, every instruction");
  queues_are_whole();
}
TEST_CASE("K48 K49 Manager: a client killed and stopped after every instruction of a call [long]", "[long]") {
  const Whole whole("a manager's client, every instruction");
  killed_client_holds_nobody(10);
  stopped_client_holds_nobody(10);
}
// Seven thousand instructions, and three times as many without optimisation: a test each, since each has its limit.
TEST_CASE("K48 Manager: a client killed after every instruction of its first call [long]", "[long]") {
  const Whole whole("a manager's new client killed, every instruction");
  killed_client_holds_nobody(0);
}
TEST_CASE("K49 Manager: a client stopped after every instruction of its first call [long]", "[long]") {
  const Whole whole("a manager's new client stopped, every instruction");
  stopped_client_holds_nobody(0);
}
TEST_CASE("K50 Manager: a server killed after every instruction of a call [long]", "[long]") {
  const Whole whole("a manager's server, every instruction");
  server_dies();
}
