// SPDX-License-Identifier: BSL-1.0
// The limit without a pool: the test says how much waits, and what happens while a submitter does.
#include <concurrent/futures/detail/pool/pending_limit.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace cf = concurrent::futures;
using cf::detail::Admission;
using cf::detail::PendingLimit;
using namespace std::chrono_literals;
using Deadline = concurrent::multiprocessing::detail::Deadline;

namespace {

struct Lock {
  void lock() { CHECK_FALSE(std::exchange(held, true)); }
  void unlock() { CHECK(std::exchange(held, false)); }
  bool held = true;
};

/// What the limit sees of a pool. Who parks there has the next thing happen.
struct OwnerWithLimit {
  bool is_closed() const { return closed; }
  [[noreturn]] void throw_closed() const { throw cf::RuntimeError("closed"); }
  std::size_t waiting_calls() const { return waiting; }
  bool is_own_thread() const { return in_callback; }
  bool pump_until(const std::atomic<std::uint32_t>&, std::uint32_t, Deadline) {
    ++pumped;
    return false;
  }
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t seen, Deadline deadline) {
    CHECK_FALSE(lock.held);
    REQUIRE(parked < happens.size());
    until = deadline;
    happens[parked++]();
    changed = word.load() != seen;
    return changed;
  }

  Lock lock;
  bool closed = false;
  bool in_callback = false;
  std::size_t waiting = 0;
  std::vector<std::function<void()>> happens;
  std::size_t pumped = 0;
  std::size_t parked = 0;
  bool changed = false;
  Deadline until{};
};

}  // namespace

TEST_CASE("PendingLimit: a place is reserved from when it is given until it is given back") {
  OwnerWithLimit pool;
  PendingLimit limit(2);
  CHECK(limit.reserve(pool, pool.lock, Admission::attempt));
  CHECK(limit.reserve(pool, pool.lock, Admission::attempt));
  CHECK_FALSE(limit.reserve(pool, pool.lock, Admission::attempt));
  limit.give_back(pool);
  pool.waiting = 1;  // its call
  CHECK_FALSE(limit.reserve(pool, pool.lock, Admission::attempt));
  pool.waiting = 0;
  CHECK(limit.reserve(pool, pool.lock, Admission::attempt));
  limit.give_back(pool);
  limit.give_back(pool);
  pool.waiting = 2;
  CHECK_FALSE(limit.reserve(pool, pool.lock, Admission::attempt));
  CHECK(pool.pumped == 0);
}

TEST_CASE("PendingLimit: who finds no place waits until there is one, and is not disturbed before") {
  OwnerWithLimit pool;
  PendingLimit limit(1);
  pool.waiting = 1;
  pool.happens.emplace_back([&] { limit.tell(pool); });  // still full
  pool.happens.emplace_back([&] {
    CHECK_FALSE(pool.changed);
    pool.waiting = 0;
    limit.tell(pool);
  });
  CHECK(limit.reserve(pool, pool.lock, Admission::wait));
  CHECK(pool.changed);
  CHECK(pool.lock.held);
  CHECK(pool.parked == 2);
  CHECK(pool.pumped == 2);
  CHECK(pool.until == Deadline::max());

  // The place that is given back is one.
  pool.happens.emplace_back([&] { limit.give_back(pool); });
  CHECK(limit.reserve(pool, pool.lock, Admission::wait));
  CHECK(pool.changed);
}

TEST_CASE("PendingLimit: a pool that is closed tells those who wait, and lets nobody in") {
  OwnerWithLimit pool;
  PendingLimit limit(1);
  pool.waiting = 1;
  pool.happens.emplace_back([&] {
    pool.closed = true;
    limit.tell(pool);
  });
  CHECK_THROWS_AS(limit.reserve(pool, pool.lock, Admission::wait), cf::RuntimeError);
  CHECK(pool.changed);
  CHECK(pool.lock.held);
  pool.waiting = 0;
  CHECK_THROWS_AS(limit.reserve(pool, pool.lock, Admission::attempt), cf::RuntimeError);
}

TEST_CASE("PendingLimit: a callback waits for callbacks only, which it would hold up: so not at all") {
  OwnerWithLimit pool;
  PendingLimit limit(1);
  pool.in_callback = true;
  limit.leave_callbacks();
  CHECK(limit.reserve(pool, pool.lock, Admission::wait));
  CHECK_FALSE(limit.reserve(pool, pool.lock, Admission::attempt));
  CHECK_THROWS_AS(limit.reserve(pool, pool.lock, Admission::wait), cf::QueueFull);
  CHECK(pool.pumped == 0);
}

TEST_CASE("PendingLimit: as many calls whose callbacks have yet to run keep others out, until one has run") {
  OwnerWithLimit pool;
  PendingLimit limit(2, 1h);
  limit.leave_callbacks();
  CHECK(limit.reserve(pool, pool.lock, Admission::attempt));
  limit.give_back(pool);
  limit.leave_callbacks();
  CHECK_FALSE(limit.reserve(pool, pool.lock, Admission::attempt));
  pool.happens.emplace_back([&] { limit.tell(pool); });
  pool.happens.emplace_back([&] {
    CHECK_FALSE(pool.changed);
    CHECK(pool.until < std::chrono::steady_clock::now() + 1h);
    limit.callbacks_returned(pool);
  });
  CHECK(limit.reserve(pool, pool.lock, Admission::wait));
  CHECK(pool.changed);
}

TEST_CASE("PendingLimit: callbacks of which none returns hold nobody up for ever, those that do are waited for") {
  OwnerWithLimit pool;
  PendingLimit limit(1, 2ms);
  const auto time_passes = [&] {
    while (std::chrono::steady_clock::now() < pool.until) std::this_thread::yield();
  };
  for (int i = 0; i < 3; ++i) limit.leave_callbacks();
  pool.happens.emplace_back([&] {
    time_passes();
    limit.callbacks_returned(pool);  // there are others
  });
  pool.happens.emplace_back(time_passes);
  CHECK(limit.reserve(pool, pool.lock, Admission::wait));
  CHECK(pool.parked == 2);
  CHECK_FALSE(limit.reserve(pool, pool.lock, Admission::attempt));
}
