// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/process_options.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How many workers may die within the period of `restart_limit` without a task to blame for it. The manager's alone.
class RestartBudget {
 public:
  explicit RestartBudget(RestartLimit limit) noexcept : limit_(limit) {}

  /// Notes a death. False: these were too many.
  bool spend(Deadline now, std::string how) {
    while (!times_.empty() && now - times_.front() > limit_.period) times_.pop_front();
    times_.push_back(now);
    texts_[next_text_++ % most_texts] = std::move(how);
    return times_.size() <= static_cast<std::size_t>(limit_.count);
  }

  /// Says so, with the last deaths within the period, oldest first.
  std::string exceeded_text() const {
    std::string text = "concurrent::futures: workers die too often (restart_limit: more than " +
                       std::to_string(limit_.count) + " in " +
                       std::to_string(std::chrono::duration<double>(limit_.period).count()) + " s). The last:";
    for (std::size_t i = next_text_ - pickle::detail::least(times_.size(), most_texts); i < next_text_; ++i)
      text += "\n  " + texts_[i % most_texts];
    return text;
  }

 private:
  static constexpr std::size_t most_texts = 5;
  RestartLimit limit_;
  multiprocessing::detail::PlainVector<Deadline> times_;  // oldest first; never more than the limit's count and one
  std::string texts_[most_texts];                         // of the newest, in turn
  std::size_t next_text_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
