// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>

#include <atomic>
#include <cstddef>
#include <new>
#include <thread>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The callbacks of futures that are done. They run in one thread, the manager's, and never inside each other: a thread
/// that only waits for a result, or submits, may hold locks of the program's that a callback needs. It has a lock of
/// its own, under which no other is taken and no callback runs.
class CallbackQueue {
 public:
  /// This thread is the one that runs them.
  void set_runner() noexcept { runner_.store(std::this_thread::get_id()); }
  bool is_runner() const noexcept { return std::this_thread::get_id() == runner_.load(std::memory_order_relaxed); }

  /// For the runner to run. False: there is no memory even for that, and the callbacks are left alone.
  bool push(CallbackList& callbacks) noexcept {
    try {
      if (is_runner()) {
        own_.push_back(std::move(callbacks));
        return true;
      }
      const multiprocessing::detail::MutexLock lock(mutex_);
      queued_.push_back(std::move(callbacks));
      any_queued_.store(true, std::memory_order_release);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  /// In the runner.
  bool empty() const noexcept { return own_.empty() && !any_queued_.load(std::memory_order_acquire); }
  /// In the runner, and not in a callback: runs what has been pushed, and calls done() after each future's.
  template <class Done>
  void run_all(const Done& done) {
    if (!own_.empty()) {
      taken_ = std::move(own_);
      run_taken(done);
    }
    if (!any_queued_.load(std::memory_order_acquire)) return;
    {
      const multiprocessing::detail::MutexLock lock(mutex_);
      taken_ = std::move(queued_);
      any_queued_.store(false, std::memory_order_relaxed);
    }
    run_taken(done);
  }
  /// In the runner: whether any has run since this was last asked.
  bool take_ran() noexcept { return std::exchange(ran_, false); }

 private:
  static constexpr std::size_t most_kept = 1024;  // of a burst's callbacks, no memory stays

  template <class Done>
  void run_taken(const Done& done) {
    for (CallbackList& list : taken_) {
      ran_ = true;
      list.run();
      done();
    }
    if (taken_.capacity() > most_kept) {
      const multiprocessing::detail::PlainVector<CallbackList> gone = std::move(taken_);
    } else {
      taken_.clear();
    }
  }

  multiprocessing::detail::Mutex mutex_;
  multiprocessing::detail::PlainVector<CallbackList> queued_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::atomic<std::thread::id> runner_{};
  std::atomic<bool> any_queued_{false};  // changed under the lock
  // The runner's alone.
  multiprocessing::detail::PlainVector<CallbackList> own_;  // pushed by itself
  multiprocessing::detail::PlainVector<CallbackList>
      taken_;  // all keep their memory, so that callbacks need none once there were as many
  bool ran_ = false;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
