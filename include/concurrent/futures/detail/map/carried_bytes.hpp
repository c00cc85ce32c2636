// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// How many bytes of a map's calls are on their way. They are counted off by the mebibyte, not call by call: small
/// calls need no callback. Whoever hears of a count that is done looks at is_full() again under the submitter's lock,
/// which orders these numbers.
class CarriedBytes {
 public:
  /// In the thread that submits: so much more is on its way. Returns what that call has to count off when it is done;
  /// 0: nothing.
  std::size_t add(std::size_t bytes) noexcept {
    uncounted_ += bytes;
    if (uncounted_ < counted) return 0;
    bytes_.fetch_add(uncounted_, std::memory_order_relaxed);
    counts_.fetch_add(1, std::memory_order_relaxed);
    return std::exchange(uncounted_, 0);
  }
  void count_off(std::size_t bytes) noexcept {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    counts_.fetch_sub(1, std::memory_order_relaxed);
  }
  /// In the thread that submits: whether there are enough. However large the calls are, that is not before `busy` of
  /// them are on their way.
  bool is_full(std::size_t busy) const noexcept {
    return bytes_.load(std::memory_order_relaxed) + uncounted_ >= most &&
           counts_.load(std::memory_order_relaxed) >= busy;
  }

 private:
  static constexpr std::size_t most = std::size_t{64} << 20;
  static constexpr std::size_t counted = std::size_t{1} << 20;

  std::size_t uncounted_ = 0;  // of the last calls
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> counts_{0};  // that are to be counted off
};

}  // namespace concurrent::futures::inline v0::detail
