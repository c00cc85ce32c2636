// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <string_view>
#include <utility>

namespace concurrent::futures::inline v0 {

enum class LogLevel { debug, info, warning, error };

using LogHandler = std::function<void(LogLevel, std::string_view)>;

namespace detail {

inline void log_to_stderr(LogLevel level, std::string_view text) noexcept {
  if (level < LogLevel::warning) return;
  const char* const name = level == LogLevel::warning ? "warning" : "error";
  std::fprintf(stderr, "%s: %.*s\n", name, static_cast<int>(text.size()), text.data());
}

/// Where the handler stands. It is called without a lock, so that a handler may log or replace itself, and so that a
/// process forked meanwhile inherits no held lock.
class Log {
 public:
  static Log& instance() noexcept {
    static Log* const log = new Log;  // never destroyed: threads may log while the program ends
    return *log;
  }

  void write(LogLevel level, std::string_view text) noexcept {
    in_flight_.fetch_add(1);
    ++depth();
    try {
      if (const LogHandler* handler = handler_.load()) {
        (*handler)(level, text);
      } else {
        log_to_stderr(level, text);
      }
    } catch (...) {
      log_to_stderr(level, text);
    }
    --depth();
    in_flight_.fetch_sub(1);
  }

  void replace(LogHandler handler) {
    const LogHandler* const fresh = handler ? new LogHandler(std::move(handler)) : nullptr;
    const LogHandler* const old = handler_.exchange(fresh);
    if (old == nullptr) return;
    // Bounded: in a forked child the thread that was logging does not exist.
    for (int round = 0; in_flight_.load() != static_cast<unsigned>(depth()) && round < 100000; ++round) ::sched_yield();
    // A handler that replaces itself is still running; it is kept then.
    if (depth() == 0 && in_flight_.load() == 0) delete old;
  }

 private:
  static int& depth() noexcept {
    thread_local int value = 0;
    return value;
  }

  std::atomic<const LogHandler*> handler_{nullptr};
  std::atomic<unsigned> in_flight_{0};
};

inline void log(LogLevel level, std::string_view text) noexcept { Log::instance().write(level, text); }

}  // namespace detail

/// Sends what the library has to say to `handler`; an empty one brings back the default, which writes warnings and
/// errors to standard error. Logged are: a callback that throws, an initializer that throws, a worker that dies.
///
/// Threads: the handler may be called from several threads at once. When this function returns, the former handler is
/// not running any more (unless it is the caller). What a handler throws is dropped.
inline void set_log_handler(LogHandler handler) { detail::Log::instance().replace(std::move(handler)); }

}  // namespace concurrent::futures::inline v0
