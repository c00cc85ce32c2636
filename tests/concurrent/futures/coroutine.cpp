// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <concurrent/futures.hpp>
#include <concurrent/futures/coroutine.hpp>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/await_rows.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/run_program.hpp"
#include "support/sanitizers.hpp"
#include "support/tasks.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;
using support::twice;

namespace {

/// A coroutine that begins at once. The object owns the frame; dropped before the end, it destroys a coroutine that
/// waits.
class Job {
 public:
  struct promise_type {
    Job get_return_object() { return Job(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    struct Final {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        self.promise().ended.store(1, std::memory_order_release);
        self.promise().ended.notify_all();
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error = std::current_exception(); }

    std::exception_ptr error;
    std::atomic<int> ended{0};
  };

  Job(Job&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Job& operator=(Job&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Job() { destroy(); }

  void destroy() {
    if (coroutine_) std::exchange(coroutine_, nullptr).destroy();
  }
  bool ended() const { return coroutine_.promise().ended.load(std::memory_order_acquire) != 0; }
  /// Blocks until it has ended; throws what it threw.
  void wait() const {
    coroutine_.promise().ended.wait(0);
    if (coroutine_.promise().error) std::rethrow_exception(coroutine_.promise().error);
  }

 private:
  explicit Job(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

template <class T>
Job store(cf::Future<T> future, std::optional<T>& value) {
  value.emplace(co_await std::move(future));
}

Job count(cf::Future<int> future, std::atomic<int>& resumed) {
  co_await future;
  resumed.fetch_add(1);
}

struct JobKind {
  using Task = Job;
  template <class Future>
  static Future&& wait(Future&& future) {
    return std::forward<Future>(future);
  }
};

template <class Future>
using Awaited = decltype(operator co_await(std::declval<Future>()).await_resume());
static_assert(std::is_same_v<Awaited<const cf::Future<int>&>, const int&>);
static_assert(std::is_same_v<Awaited<cf::Future<int>>, int>);
static_assert(std::is_void_v<Awaited<cf::Future<void>>> && std::is_void_v<Awaited<cf::AnyFuture&>>);

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "co_await: values, exceptions, void and move-only results of both pools") {
  std::string log;
  {
    cf::ThreadPoolExecutor threads(2);
    support::await_rows<JobKind>(threads, log).wait();
    CHECK(log == support::right_rows);
  }
  log.clear();
  {
    cf::ProcessPoolExecutor processes(1);
    support::await_rows<JobKind>(processes, log).wait();
    CHECK(log == support::right_rows);
  }
}

TEST_CASE_METHOD(support::LeakChecked, "co_await: in QCoro's tasks, where that is installed") {
  const support::Ran ran = support::run_program({support::own_folder() + "/programs/qcoro"});
  INFO(ran.out);
  INFO(ran.error);
  CHECK((ran.status == 0 || ran.status == 77));
}

TEST_CASE_METHOD(support::LeakChecked, "co_await: a future that is done suspends nothing") {
  cf::Future<std::string> future;
  future.set_result("done");
  std::optional<std::string> value;
  const Job job = store(future, value);
  CHECK(job.ended());
  CHECK(value == "done");
}

TEST_CASE_METHOD(support::LeakChecked, "co_await: what is awaited by its last handle is moved, and copied otherwise") {
  cf::Future<std::string> kept;
  kept.set_result("a text that is too long to be small");
  std::optional<std::string> value;
  const Job first = store(kept, value);
  CHECK(kept.result() == value);
  const char* const place = kept.result().data();
  value.reset();
  const Job second = store(std::move(kept), value);
  CHECK(static_cast<const void*>(value->data()) == place);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "co_await: goes on in the thread that finishes the future, in the order of those that wait") {
  cf::Future<int> future;
  std::vector<int> order;
  std::thread::id where;
  const auto wait = [&](int number) -> Job {
    co_await future;
    order.push_back(number);
    where = std::this_thread::get_id();
  };
  std::vector<Job> jobs;
  jobs.push_back(wait(1));
  future.add_done_callback([&](const auto&) { order.push_back(2); });
  jobs.push_back(wait(3));
  CHECK(order.empty());
  std::thread finisher([&] { future.set_result(0); });
  const std::thread::id id = finisher.get_id();
  finisher.join();
  CHECK(order == std::vector{1, 2, 3});
  CHECK(where == id);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "co_await: a result of processes is never met in a thread that waits for another") {
  cf::ProcessPoolExecutor pool(1);
  std::atomic<int> elsewhere{0};
  const std::thread::id here = std::this_thread::get_id();
  const auto wait = [&](cf::Future<int> future) -> Job {
    if (!future.done()) {
      co_await future;
      if (std::this_thread::get_id() != here) elsewhere.fetch_add(1);
    } else {
      elsewhere.fetch_add(1);
    }
  };
  std::vector<Job> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back(wait(pool.submit(twice, i)));
    CHECK(pool.submit(twice, i).result() == 2 * i);  // this thread takes both off the ring
  }
  for (const Job& job : jobs) job.wait();
  CHECK(elsewhere == 20);
}

TEST_CASE_METHOD(support::LeakChecked, "co_await: CancelledError, in the thread that cancels") {
  cf::Future<int> future;
  std::optional<int> value;
  const Job job = store(future, value);
  CHECK_FALSE(job.ended());
  future.cancel();
  CHECK(job.ended());
  CHECK_THROWS_AS(job.wait(), cf::CancelledError);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "co_await: what can never be done, and a handle that was moved from, throw InvalidStateError") {
  std::optional<int> value;
  const Job orphan = store(cf::Future<int>(), value);
  CHECK_THROWS_AS(orphan.wait(), cf::InvalidStateError);
  cf::Future<int> future;
  const cf::Future<int> moved_to = std::move(future);
  const Job moved = store(std::move(future), value);
  CHECK_THROWS_AS(moved.wait(), cf::InvalidStateError);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "co_await: a coroutine that is destroyed while it waits is taken off the list and never resumed") {
  cf::Future<int> future;
  std::atomic<int> resumed{0};
  std::vector<Job> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(count(future, resumed));
  jobs[0].destroy();
  jobs[4].destroy();
  jobs[2].destroy();
  future.set_result(0);
  CHECK(resumed == 2);
}

TEST_CASE_METHOD(support::LeakChecked, "co_await: a callback may destroy a coroutine whose turn has not come") {
  cf::Future<int> future;
  std::atomic<int> resumed{0};
  std::vector<Job> jobs;
  jobs.push_back(count(future, resumed));
  future.add_done_callback([&](const auto&) { jobs[1].destroy(); });
  jobs.push_back(count(future, resumed));
  jobs.push_back(count(future, resumed));
  future.set_result(0);
  CHECK(resumed == 2);
}

TEST_CASE_METHOD(support::LeakChecked, "co_await: a future that goes unfinished leaves its coroutines alone") {
  std::atomic<int> resumed{0};
  {
    const Job job = count(cf::Future<int>(), resumed);  // a copy of the handle lives in the frame
    CHECK_FALSE(job.ended());
  }
  CHECK(resumed == 0);
}

TEST_CASE_METHOD(support::LeakChecked, "resume_on: goes on in a thread of the pool") {
  cf::ThreadPoolExecutor threads(1);
  const std::thread::id there = threads.submit([] { return std::this_thread::get_id(); }).result();
  std::thread::id where;
  const auto body = [&]() -> Job {
    co_await cf::resume_on(threads);
    where = std::this_thread::get_id();
    co_await cf::resume_on(threads);  // also from there
  };
  body().wait();
  CHECK(where == there);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "resume_on: a pool that takes no more calls, or drops them, throws in the coroutine") {
  std::atomic<bool> open{false};  // before the pool, whose thread may look at it until the pool's end
  cf::ThreadPoolExecutor threads(1);
  const auto body = [&]() -> Job { co_await cf::resume_on(threads); };
  threads.submit([&] { open.wait(false); });
  const Job dropped = body();
  threads.shutdown(false, true);
  open = true;
  open.notify_all();
  CHECK_THROWS_AS(dropped.wait(), cf::CancelledError);
  CHECK_THROWS_AS(body().wait(), cf::RuntimeError);
}

namespace {

/// How often a coroutine of the race has gone on, and whether one of them did so in another thread than the callback
/// before it, which runs in the thread that finishes or cancels the future.
struct Resumptions {
  std::array<std::atomic<int>, 4> values{};
  std::array<std::atomic<int>, 4> errors{};
  std::atomic<std::thread::id> callback;
  std::atomic<int> elsewhere{0};
};

Job take_part(cf::Future<int> future, Resumptions& resumptions, std::size_t number) {
  const auto goes_on = [&](std::atomic<int>& times) {
    times.fetch_add(1);
    if (resumptions.callback.load() != std::this_thread::get_id()) resumptions.elsewhere.fetch_add(1);
  };
  try {
    co_await future;
    goes_on(resumptions.values[number]);
  } catch (const cf::CancelledError&) {
    goes_on(resumptions.errors[number]);
  }
}

/// Three threads decide at once what becomes of a coroutine that waits: one finishes the future, one cancels it or asks
/// it to stop, one destroys the coroutine unless a finisher has been let through. Others wait for the same future and
/// are destroyed in any order before, between callbacks, or never. Each of the others goes on once, with the outcome
/// that the future has, in the thread that runs its callbacks; a destroyed one never.
void race(std::uint64_t rounds) {
  constexpr std::size_t coroutines = 4;
  struct Round {
    cf::Future<int> future;
    std::vector<Job> jobs;
    bool asks = false;  // to stop, instead of cancelling
    Resumptions resumptions;
    std::atomic<int> claimed{0};  // 1: it will be finished, 2: the last one was destroyed
  };
  std::minstd_rand random(7);
  std::unique_ptr<Round> round;
  std::atomic<std::uint64_t> begun{0};
  std::atomic<int> arrived{0};
  std::atomic<bool> stop{false};
  const auto player = [&](int part) {
    for (std::uint64_t seen = 0;;) {
      begun.wait(seen);
      seen = begun.load();
      if (stop) return;
      int none = 0;
      if (part == 2) {
        if (round->claimed.compare_exchange_strong(none, 2)) {
          round->jobs.back().destroy();
          round->future.set_result(1);
        }
      } else if (round->claimed.compare_exchange_strong(none, 1) || none == 1) {
        if (part == 0) {
          try {
            round->future.set_result(1);
          } catch (const cf::InvalidStateError&) {
          }
        } else if (round->asks) {
          round->future.request_stop();
        } else {
          round->future.cancel();
        }
      }
      arrived.fetch_add(1);
      arrived.notify_all();
    }
  };
  std::vector<std::thread> threads;
  for (int part = 0; part < 3; ++part) threads.emplace_back(player, part);
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    round = std::make_unique<Round>();
    round->asks = random() % 2 != 0;
    std::array<bool, coroutines> destroyed{};
    const std::size_t early = random() % coroutines;
    const std::size_t between = random() % (coroutines - 1);  // 0: none
    round->future.add_done_callback(
        [r = round.get()](const auto&) { r->resumptions.callback = std::this_thread::get_id(); });
    for (std::size_t k = 0; k < coroutines; ++k) {
      if (k == 1) {
        round->future.add_done_callback([r = round.get(), between](const auto&) {
          if (between != 0) r->jobs[between].destroy();
        });
      }
      round->jobs.push_back(take_part(round->future, round->resumptions, k));
    }
    if (early != coroutines - 1) {
      round->jobs[early].destroy();
      destroyed[early] = true;
    }
    if (between != 0) destroyed[between] = true;
    arrived = 0;
    begun.fetch_add(1);
    begun.notify_all();
    for (int seen = 0; (seen = arrived.load()) != 3;) arrived.wait(seen);
    if (round->claimed == 2) destroyed.back() = true;
    const bool cancelled = round->future.cancelled();
    for (std::size_t k = 0; k < coroutines; ++k) {
      const int times = destroyed[k] ? 0 : 1;
      if (round->resumptions.values[k] != (cancelled ? 0 : times)) ++wrong;
      if (round->resumptions.errors[k] != (cancelled ? times : 0)) ++wrong;
    }
    wrong += static_cast<std::uint64_t>(round->resumptions.elsewhere.load());
  }
  stop = true;
  begun.fetch_add(1);
  begun.notify_all();
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE_METHOD(
    support::LeakChecked,
    "co_await: races of finishing, cancelling, stopping and destroying resume each coroutine once or never") {
  race(2000);
}

TEST_CASE("co_await: a million races of finishing, cancelling, stopping and destroying", "[long]") {
  const support::DeadlineGuard deadline("a million races", 1500s);
  race(1'000'000);
}
