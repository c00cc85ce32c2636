// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/progress/progress_bar.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

namespace concurrent::futures::inline v0::detail {

/// A progress bar as it stands on the terminal. What is logged meanwhile, in whatever thread, comes above it.
class BarOnTerminal final : public StandingLine {
 public:
  BarOnTerminal(std::string desc, std::optional<std::size_t> total, std::string unit)
      : desc_(std::move(desc)), unit_(std::move(unit)), total_(total) {}

  void draw(std::size_t done, std::size_t failed, double begun = 0) {
    Log::instance().stand(*this);  // another bar may have stood there
    const multiprocessing::detail::MutexLock lock(mutex_);
    done_ = done;
    failed_ = failed;
    begun_ = begun;
    if (aside_ == 0) draw();
  }
  void end(bool leave) noexcept {
    const multiprocessing::detail::MutexLock lock(mutex_);
    ended_ = true;
    write_to_terminal(leave ? "\n" : "\r\x1b[K");
  }
  /// Not in a fork, where the lock may be held by nobody.
  bool is_here() const noexcept { return ::getpid() == process_; }

  void step_aside() noexcept override {
    if (!is_here()) return;
    const multiprocessing::detail::MutexLock lock(mutex_);
    if (aside_++ == 0 && !ended_) write_to_terminal("\r\x1b[K");
  }
  void come_back() noexcept override {
    if (!is_here()) return;
    const multiprocessing::detail::MutexLock lock(mutex_);
    if (--aside_ != 0 || ended_) return;
    try {
      draw();
    } catch (...) {  // no memory for a line: the next step draws it
    }
  }

 private:
  void draw() CONCURRENT_FUTURES_REQUIRES(mutex_) {
    const auto time = std::chrono::steady_clock::now() - start_;
    // One column stays free: in the last one some terminals begin another line.
    const std::size_t width = terminal_width() - 1;
    const double seconds = std::chrono::duration<double>(time).count();
    write_to_terminal("\r" + bar_line(desc_, unit_, done_, total_, seconds, width, failed_, begun_) + "\x1b[K");
  }

  const std::string desc_;
  const std::string unit_;
  const std::optional<std::size_t> total_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const pid_t process_ = ::getpid();
  multiprocessing::detail::Mutex mutex_;  // also of the terminal
  std::size_t done_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;
  std::size_t failed_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;
  double begun_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;    // of the next one
  unsigned aside_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // how many lines are being logged
  bool ended_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
};

}  // namespace concurrent::futures::inline v0::detail
