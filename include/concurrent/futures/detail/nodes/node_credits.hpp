// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How many calls a node may have at a time, which follows from how long they take. Many short ones hide the way there
/// and back, and let each thread that they pass deal with many in a turn: as many as the node does in a millisecond,
/// or, where it does those and then waits because the way takes longer (processors are busy, or a network is far), in
/// twenty. A long one waits for a worker where no other node can take it, and what is urgent waits behind it.
class NodeCredits {
 public:
  explicit NodeCredits(int workers) noexcept { set_workers(workers); }

  std::size_t count() const noexcept { return count_; }
  void set_workers(int workers) noexcept {
    workers_ = static_cast<std::size_t>((std::max)(workers, 0));
    count_ = few();
  }
  /// A result has come; before that the node had `out` calls. `had_idle_worker`: when it sent this one.
  void learn(std::chrono::steady_clock::time_point now, std::size_t out, bool had_idle_worker) noexcept {
    if (results_++ == 0) {
      begin_ = now;
      ran_dry_ = false;
      return;
    }
    ran_dry_ = ran_dry_ || had_idle_worker;
    if (now - begin_ < period) return;
    const auto busy = static_cast<std::int64_t>((std::min)(out, workers_));
    const std::chrono::nanoseconds task_time = (now - begin_) * busy / static_cast<std::int64_t>(results_ - 1);
    results_ = 0;
    // Of a node that waits for calls this is more than a task's time, the more the fewer calls it may have: without a
    // longer way it would be left with a few for ever.
    const auto way = ran_dry_ ? longest_way : period;
    const auto on_the_way = static_cast<std::size_t>(way / (std::max)(task_time, std::chrono::nanoseconds(1)));
    const std::size_t enough = few() + workers_ * (std::min)(on_the_way, most_a_worker);
    if (out + 1 >= count_ && count_ < enough) {
      count_ = (std::min)(2 * count_, enough);
    } else if (count_ > 4 * enough) {
      count_ = (std::max)(count_ / 2, enough);  // by steps: somebody else may have had the processor for a while
    }
  }

 private:
  static constexpr std::chrono::nanoseconds period = std::chrono::milliseconds(1);
  static constexpr std::chrono::nanoseconds longest_way = std::chrono::milliseconds(20);
  static constexpr std::size_t most_a_worker = 256;

  std::size_t few() const noexcept { return workers_ + 1; }

  std::size_t workers_ = 0;
  std::size_t count_ = 0;
  std::chrono::steady_clock::time_point begin_{};
  std::size_t results_ = 0;  // since then
  bool ran_dry_ = false;     // since then the node had a worker with nothing to do
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
