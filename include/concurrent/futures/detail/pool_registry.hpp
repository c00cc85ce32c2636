// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool.hpp>

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The pools of this process that have not ended. When the program exits with some of them alive, a leaked executor or
/// one on a stack that exit() leaves behind, their calls are completed first, as Python does it.
class PoolRegistry {
 public:
  static PoolRegistry& instance() {
    static PoolRegistry* const registry = new PoolRegistry;  // never destroyed: exit handlers need it
    return *registry;
  }

  /// Takes a reference. Throws RuntimeError when the program is exiting already.
  void add(ProcessPool& pool) {
    const std::lock_guard lock(mutex_);
    if (exiting_) throw RuntimeError("concurrent::futures: an executor cannot be made while the program exits.");
    pools_.push_back(&pool);
    pool.add_reference();
  }
  void remove(ProcessPool& pool) noexcept {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::find(pools_.begin(), pools_.end(), &pool);
      if (found == pools_.end()) return;
      pools_.erase(found);
    }
    pool.release();
  }

 private:
  PoolRegistry() {
    // Held over every fork, so that the child finds it free.
    ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                     [] { instance().mutex_.unlock(); });
    std::atexit([] { instance().finish(); });
  }

  void finish() {
    std::vector<ProcessPool*> pools;
    {
      const std::lock_guard lock(mutex_);
      exiting_ = true;
      pools.swap(pools_);
    }
    for (ProcessPool* const pool : pools) {
      if (pool->is_here()) pool->shutdown(false);  // all first, so that they end side by side
    }
    for (ProcessPool* const pool : pools) {
      if (!pool->is_here()) continue;  // a fork's copy: nothing here is its own
      pool->wait_until_ended(Deadline::max());
      pool->release();
    }
  }

  std::mutex mutex_;
  std::vector<ProcessPool*> pools_;
  bool exiting_ = false;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
