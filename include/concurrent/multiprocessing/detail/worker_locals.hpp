// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/version.hpp>

#include <memory>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The objects of worker_local in one worker.
class WorkerLocals {
 public:
  /// Of the thread of a pool that this is; otherwise of this process.
  static WorkerLocals& here() {
    if (of_thread() != nullptr) return *of_thread();
    if (of_process() != nullptr) return *of_process();
    static auto* const program = new WorkerLocals;  // no worker: it lasts as long as the program
    return *program;
  }
  static WorkerLocals*& of_thread() noexcept {
    static thread_local WorkerLocals* locals = nullptr;
    return locals;
  }
  static WorkerLocals*& of_process() noexcept {
    static WorkerLocals* locals = nullptr;
    return locals;
  }

  template <class T>
  T& get() {
    static char key;  // its address is the type's
    MutexLock lock(mutex_);
    if (void* const object = find(&key)) return *static_cast<T*>(object);
    lock.unlock();  // making it may want another of these
    auto made = pickle::detail::UniquePointer<T>::make();
    lock.lock();  // another thread of the task's may have been faster
    if (void* const object = find(&key)) return *static_cast<T*>(object);
    locals_.push_back({&key, made.get(), [](void* object) { delete static_cast<T*>(object); }});
    return *made.release();
  }

  /// Destroys them, the newest first, each in a call of its own of `attempt(function)`, which lets nothing through. No
  /// other thread asks for one any more; a destructor may, so the lock is free.
  template <class Attempt>
  void destroy(Attempt attempt) CONCURRENT_FUTURES_UNCHECKED_LOCKS {
    while (!locals_.empty()) {
      const Local last = locals_.back();
      locals_.pop_back();
      attempt([&last] { last.destroy(last.object); });
    }
  }

 private:
  struct Local {
    const void* key;
    void* object;
    void (*destroy)(void*);
  };
  void* find(const void* key) const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    for (const Local& local : locals_) {
      if (local.key == key) return local.object;
    }
    return nullptr;
  }

  Mutex mutex_;
  PlainVector<Local> locals_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
