// SPDX-License-Identifier: BSL-1.0
// A progress bar that is moved by hand. futures.hpp does not include this.
#pragma once

#include <concurrent/futures/detail/progress/bar_on_terminal.hpp>
#include <concurrent/futures/logging.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

namespace concurrent::futures::inline v0 {

/// How a progress bar looks.
struct ProgressOptions {
  std::string desc{};                  ///< stands before the bar
  std::optional<std::size_t> total{};  ///< how many there will be; default: the size of the range, if it has one
  std::string unit = "it";             ///< what is counted: 31.2it/s
  bool leave = true;                   ///< the bar stays when it is done; false: it is wiped off
};

/// A progress bar that is moved by hand. It draws itself when it is made, at most ten times a second while it moves,
/// and once more at its end; never when standard error is no terminal. The line fits the terminal's width.
///
/// Threads: one at a time.
/// Python: `tqdm.tqdm(total=…, desc=…)`.
class ProgressBar {
 public:
  /// Draws the bar for the first time.
  explicit ProgressBar(ProgressOptions options = {}) : leave_(options.leave) {
    if (::isatty(STDERR_FILENO) == 0) return;
    line_ = std::make_unique<detail::BarOnTerminal>(std::move(options.desc), options.total, std::move(options.unit));
    line_->draw(0, 0);
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { close(); }

  /// Counts `steps` more.
  void advance(std::size_t steps = 1) {
    done_ += steps;
    if (line_ == nullptr || done_ < look_at_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ >= between_draws) {
      drawn_ = now;
      line_->draw(done_, failed_);
    }
    // Where many come a second, not each of them has to ask what time it is.
    const auto seconds = std::chrono::duration<double>(now - start_).count();
    look_at_ = done_ + (static_cast<double>(done_) > 1600 * seconds ? 16 : 1);
  }
  /// Counts one more that has failed; the bar tells how many have.
  void fail() {
    ++failed_;
    advance();
  }
  /// Shows that a part of the next step is done, from 0 to 1, where a step takes long: the bar and the time to come
  /// move, the count does not.
  void show_part(double part) {
    if (line_ == nullptr) return;
    drawn_ = std::chrono::steady_clock::now();
    line_->draw(done_, failed_, part < 0 ? 0 : part < 1 ? part : 1);
  }
  /// Whether anybody sees it.
  bool is_shown() const noexcept { return line_ != nullptr; }
  /// How many steps it has counted, with those that failed.
  std::size_t done() const noexcept { return done_; }
  /// How many of them have failed.
  std::size_t failed() const noexcept { return failed_; }

  /// Draws the last state and ends the line, or wipes it off. Later calls do nothing.
  void close() noexcept {
    if (line_ == nullptr) return;
    if (line_->is_here()) {
      try {
        if (leave_) line_->draw(done_, failed_);
      } catch (...) {  // no memory for a line: none, then
      }
      line_->end(leave_);
    }
    // Who logs in this moment may still look at it.
    if (!detail::Log::instance().leave(*line_)) static_cast<void>(line_.release());
    line_.reset();
  }

 private:
  static constexpr std::chrono::milliseconds between_draws{100};

  std::unique_ptr<detail::BarOnTerminal> line_;  // none: standard error is no terminal
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_ = start_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::size_t look_at_ = 0;
  const bool leave_;
};

}  // namespace concurrent::futures::inline v0
