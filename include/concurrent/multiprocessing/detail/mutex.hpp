// SPDX-License-Identifier: BSL-1.0
// A mutex that Clang can check: what is said to be guarded by one is touched only by who holds it, or the compiler
// warns
// (-Wthread-safety). Other compilers see a std::mutex.
#pragma once

#include <concurrent/config.hpp>

#include <mutex>

#if defined(__clang__)
#define CONCURRENT_FUTURES_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define CONCURRENT_FUTURES_THREAD_SAFETY(attribute)
#endif
/// Of a member: only who holds that mutex may touch it.
#define CONCURRENT_FUTURES_GUARDED_BY(mutex) CONCURRENT_FUTURES_THREAD_SAFETY(guarded_by(mutex))
/// Of a function: only who holds that mutex may call it.
#define CONCURRENT_FUTURES_REQUIRES(mutex) CONCURRENT_FUTURES_THREAD_SAFETY(requires_capability(mutex))
/// Of a function: who holds that mutex may not call it.
#define CONCURRENT_FUTURES_EXCLUDES(mutex) CONCURRENT_FUTURES_THREAD_SAFETY(locks_excluded(mutex))
/// Of a function that is right for reasons the compiler cannot see; they stand beside it.
#define CONCURRENT_FUTURES_UNCHECKED_LOCKS CONCURRENT_FUTURES_THREAD_SAFETY(no_thread_safety_analysis)

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class CONCURRENT_FUTURES_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() CONCURRENT_FUTURES_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() noexcept CONCURRENT_FUTURES_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  /// For a lambda that only runs where the mutex is held, which the compiler does not see. Does nothing.
  void is_held() const noexcept CONCURRENT_FUTURES_THREAD_SAFETY(assert_capability(this)) {}

 private:
  std::mutex mutex_;
};

/// Holds a mutex as long as it lives, but for the time between its unlock() and its lock().
class CONCURRENT_FUTURES_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CONCURRENT_FUTURES_THREAD_SAFETY(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() CONCURRENT_FUTURES_THREAD_SAFETY(release_capability()) {
    if (held_) mutex_.unlock();
  }

  void unlock() noexcept CONCURRENT_FUTURES_THREAD_SAFETY(release_capability()) {
    mutex_.unlock();
    held_ = false;
  }
  void lock() CONCURRENT_FUTURES_THREAD_SAFETY(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
