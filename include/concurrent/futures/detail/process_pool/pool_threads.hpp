// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <atomic>
#include <cstdint>

#include <thread>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A pool's two threads of its own, and its end, which is that of the manager.
class PoolThreads {
 public:
  std::thread monitor;  // reads what the helper reports
  std::thread manager;

  void note_end() noexcept {
    ended_.store(1, std::memory_order_seq_cst);
    multiprocessing::detail::futex_wake(ended_);
  }
  bool have_ended() const noexcept { return ended_.load(std::memory_order_acquire) != 0; }
  /// False: the deadline has passed. Not in one of the threads themselves.
  bool join_by(Deadline deadline) {
    while (!have_ended()) {
      if (!multiprocessing::detail::futex_wait(ended_, 0, deadline) && !have_ended()) return false;
    }
    const multiprocessing::detail::MutexLock lock(joining_);
    if (monitor.joinable()) monitor.join();
    if (manager.joinable()) manager.join();
    return true;
  }
  /// Only where nobody can join them.
  void detach() {
    if (manager.joinable()) manager.detach();
    if (monitor.joinable()) monitor.detach();
  }

 private:
  multiprocessing::detail::Mutex joining_;
  std::atomic<std::uint32_t> ended_{0};  // 1: nothing of the pool is left but its object
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
