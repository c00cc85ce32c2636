// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/process_options.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How many workers may die within the period of `restart_limit` without a task to blame for it. The manager's alone.
class RestartBudget {
 public:
  explicit RestartBudget(RestartLimit limit) noexcept : limit_(limit) {}

  /// Notes a death. False: these were too many.
  bool spend(Deadline now, std::string how) {
    std::erase_if(deaths_, [&](const Death& death) { return now - death.time > limit_.period; });
    deaths_.push_back({now, std::move(how)});
    return deaths_.size() <= static_cast<std::size_t>(limit_.count);
  }

  /// Says so, with the last deaths within the period, oldest first.
  std::string exceeded_text() const {
    std::string text = "concurrent::futures: workers die too often (restart_limit: more than " +
                       std::to_string(limit_.count) + " in " +
                       std::to_string(std::chrono::duration<double>(limit_.period).count()) + " s). The last:";
    for (std::size_t i = deaths_.size() - pickle::detail::least(deaths_.size(), most_texts); i < deaths_.size(); ++i)
      text += "\n  " + deaths_[i].how;
    return text;
  }

 private:
  static constexpr std::size_t most_texts = 5;
  struct Death {
    Deadline time;
    std::string how;
  };
  RestartLimit limit_;
  std::vector<Death> deaths_;  // never more than the limit's count and one
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
