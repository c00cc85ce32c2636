// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// How far a task says it is. In the entry of its worker, where `call` tells whose it is and is set last, so that a
/// call that says nothing costs nothing and is not taken for the one before it, or in what a thread of a pool has of
/// its own.
struct ProgressWords {
  std::atomic<std::uint64_t> call{0};
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};

  void report(std::uint64_t of, std::uint64_t now, std::uint64_t all) noexcept {
    const bool first = call.load(std::memory_order_relaxed) != of;
    if (first) call.store(~std::uint64_t{0}, std::memory_order_relaxed);
    total.store(all, std::memory_order_release);
    done.store(now, std::memory_order_release);
    if (first) call.store(of, std::memory_order_release);
  }
  /// False: this call has said nothing, and the two are as they were.
  bool read(std::uint64_t of, std::uint64_t& now, std::uint64_t& all) const noexcept {
    if (call.load(std::memory_order_acquire) != of) return false;
    const std::uint64_t so_far = done.load(std::memory_order_acquire);
    const std::uint64_t of_all = total.load(std::memory_order_acquire);
    if (call.load(std::memory_order_relaxed) != of) return false;
    now = so_far;
    all = of_all;
    return true;
  }
};

/// Where the task that runs here reports.
struct ProgressPlace {
  ProgressWords* words = nullptr;
  const std::atomic<std::uint64_t>* call = nullptr;  // whose it is just now; null: always 0

  /// Of the worker that this process is.
  static ProgressPlace& of_process() noexcept {
    static ProgressPlace place;
    return place;
  }
  /// Of a thread of a pool. It comes first; a worker's own thread may have inherited one.
  static ProgressPlace& of_thread() noexcept {
    static thread_local ProgressPlace place;
    return place;
  }
};

inline void report_progress(std::uint64_t done, std::uint64_t total) noexcept {
  const ProgressPlace* place = &ProgressPlace::of_thread();
  if (place->words == nullptr) place = &ProgressPlace::of_process();
  if (place->words == nullptr) return;
  place->words->report(place->call != nullptr ? place->call->load(std::memory_order_relaxed) : 0, done, total);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
