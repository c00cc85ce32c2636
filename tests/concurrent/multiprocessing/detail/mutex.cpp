// SPDX-License-Identifier: BSL-1.0
// Who holds a mutex when a MutexLock has let go of it, and when it has taken it again.
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/catch.hpp"
#include "support/shared.hpp"

namespace detail = concurrent::multiprocessing::detail;
using namespace std::chrono_literals;

namespace {

/// A thread that waits for the mutex, and gives it back.
class Waiter {
 public:
  explicit Waiter(detail::Mutex& mutex)
      : thread_([this, &mutex] {
          const detail::MutexLock lock(mutex);
          had_it_ = true;
        }) {}
  ~Waiter() { thread_.join(); }
  bool has_it_within(std::chrono::nanoseconds limit) const {
    return support::eventually([this] { return had_it_.load(); }, limit);
  }

 private:
  std::atomic<bool> had_it_{false};
  std::thread thread_;
};

void let_go() CONCURRENT_FUTURES_UNCHECKED_LOCKS {
  detail::Mutex mutex;
  {
    detail::MutexLock lock(mutex);
    lock.unlock();
    mutex.lock();  // as another thread would meanwhile
  }
  const Waiter waiter(mutex);
  CHECK_FALSE(waiter.has_it_within(20ms));
  mutex.unlock();
  CHECK(waiter.has_it_within(support::patience));
}

void take_again() CONCURRENT_FUTURES_UNCHECKED_LOCKS {
  detail::Mutex mutex;
  {
    detail::MutexLock lock(mutex);
    lock.unlock();
    lock.lock();
  }
  const Waiter waiter(mutex);
  CHECK(waiter.has_it_within(support::patience));
}

}  // namespace

TEST_CASE("MutexLock: once it has let go, its end leaves the mutex to whoever has it") { let_go(); }
TEST_CASE("MutexLock: what it has taken again it gives back at its end") { take_again(); }
