// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "support/shared.hpp"

namespace support {

/// Collects what the library logs, instead of standard error, while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    concurrent::futures::set_log_handler([this](concurrent::futures::LogLevel, std::string_view text) {
      const std::lock_guard guard(mutex_);
      text_.append(text).push_back('\n');
      changed_.notify_all();
    });
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog() { concurrent::futures::set_log_handler({}); }  // back to the default

  std::string text() const {
    const std::lock_guard guard(mutex_);
    return text_;
  }

  /// Waits until the log says `part`.
  bool comes_to_say(std::string_view part) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return text_.find(part) != std::string::npos; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

}  // namespace support
