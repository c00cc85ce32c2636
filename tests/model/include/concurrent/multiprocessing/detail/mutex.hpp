// SPDX-License-Identifier: BSL-1.0
// Stands before the library's own header of that name: who waits for a mutex is asleep as the explorer has it.
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace std {

class model_mutex {
 public:
  void lock() noexcept {
    while (word_.exchange(1, std::memory_order_acquire) != 0) concurrent::multiprocessing::detail::futex_wait(word_, 1);
  }
  void unlock() noexcept {
    word_.store(0, std::memory_order_release);
    if (model::explorer != nullptr) concurrent::multiprocessing::detail::futex_wake(word_, 1);
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace std

#define mutex model_mutex
#include "../../../../../../include/concurrent/multiprocessing/detail/mutex.hpp"
#undef mutex
