// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/wakeups.impl.hpp>

#include <atomic>
#include <cstdint>

namespace support {

/// One ring of results and who watches it, without a pool.
struct WatchedRing {
  WatchedRing() { watch.open(words); }

  bool ready() const { return published.load(std::memory_order_seq_cst) != taken.load(std::memory_order_seq_cst); }
  /// Takes what there is, as the pool does under its lock.
  bool pump() {
    std::uint64_t seen = taken.load();
    const std::uint64_t all = published.load();
    bool any = false;
    while (seen != all && !any) any = taken.compare_exchange_strong(seen, all);
    if (any) {
      results.fetch_add(1);
      concurrent::multiprocessing::detail::futex_wake(results);
    }
    return any;
  }
  /// A worker has another result.
  void publish() {
    published.fetch_add(1, std::memory_order_seq_cst);
    concurrent::multiprocessing::detail::notify_caller(words);
  }
  void submit() {
    watch.note_progress();
    if (watch.suppress_wakeups()) watch.recheck_suppression([this] { return ready(); });
  }

  concurrent::multiprocessing::detail::CallerWords words{};
  concurrent::futures::detail::Wakeups watch;
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint32_t> results{0};  // how often something was taken
};

}  // namespace support
