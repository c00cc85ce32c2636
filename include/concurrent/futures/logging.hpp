// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

namespace concurrent::futures::inline v0 {

/// How bad it is.
enum class LogLevel { debug, info, warning, error };

namespace detail {

/// Whether a piece of some thousand bytes can be written without waiting for a reader, who may have been stopped: a
/// pool does not stand still for a line in a log. Waits for a moment.
inline bool stderr_has_room() noexcept {
  pollfd file{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&file, 1, 10) != 0;
}

/// What cannot be written at once is left out. Lines of this process do not mix.
inline void log_to_stderr(LogLevel level, std::string_view text) noexcept {
  if (level < LogLevel::warning) return;
  constexpr std::size_t piece = 2048;  // a pipe that has room at all has room for 4096 bytes
  static constinit std::atomic<bool> was_cut{false};
  const char* prefix = level == LogLevel::warning ? "warning: " : "error: ";
  bool first = true;
  ::flockfile(stderr);
  for (bool last = false; !last && stderr_has_room(); first = false) {
    const std::string_view now = text.substr(0, piece);
    text.remove_prefix(now.size());
    last = text.empty();
    char line[piece + 16];
    char* end = line;
    if (was_cut.exchange(!last, std::memory_order_relaxed) && first) *end++ = '\n';
    while (first && *prefix != '\0') *end++ = *prefix++;
    end += now.copy(end, now.size());
    if (last) *end++ = '\n';
    std::fwrite(line, 1, static_cast<std::size_t>(end - line), stderr);
  }
  ::funlockfile(stderr);
}

// Not std::function: <functional> would make the include a fifth larger.
struct LogHandler {
  LogHandler() = default;
  LogHandler(const LogHandler&) = delete;
  LogHandler& operator=(const LogHandler&) = delete;
  virtual ~LogHandler() = default;
  virtual void handle(LogLevel level, std::string_view text) = 0;
  LogHandler* next_retired = nullptr;
};

template <class Function>
struct FunctionLogHandler final : LogHandler {
  explicit FunctionLogHandler(Function given) : function(std::move(given)) {}
  void handle(LogLevel level, std::string_view text) override { function(level, text); }
  Function function;
};

/// What stands on the terminal's last line, a progress bar, and makes room for what is logged. Called in whatever
/// thread logs.
struct StandingLine {
  StandingLine() = default;
  StandingLine(const StandingLine&) = delete;
  StandingLine& operator=(const StandingLine&) = delete;
  virtual ~StandingLine() = default;
  virtual void step_aside() noexcept = 0;
  virtual void come_back() noexcept = 0;
};

/// Where the handler stands. It is called without a lock, so that a handler may log or replace itself, and so that a
/// process forked meanwhile inherits no held lock.
class Log {
 public:
  static Log& instance() noexcept {
    alignas(Log) static std::byte memory[sizeof(Log)];
    static Log* const log = new (memory) Log;  // never destroyed: threads may log while the program ends
    return *log;
  }

  void write(LogLevel level, std::string_view text) noexcept {
    // Who waits for the lines in flight would wait for ever if others kept beginning. Bounded: the one that waits may
    // be a thread that a forked child has not.
    for (int round = 0; round < 1000 && waiting_.load() != 0 && depth() == 0; ++round) ::sched_yield();
    in_flight_.fetch_add(1);
    ++depth();
    LogHandler* const handler = handler_.load();
    StandingLine* const line = handler != nullptr || level >= LogLevel::warning ? line_.load() : nullptr;
    if (line != nullptr) line->step_aside();
    try {
      if (handler != nullptr) {
        handler->handle(level, text);
      } else {
        log_to_stderr(level, text);
      }
    } catch (...) {
      log_to_stderr(level, text);
    }
    if (line != nullptr) line->come_back();
    --depth();
    in_flight_.fetch_sub(1);
  }

  void replace(LogHandler* fresh) noexcept {
    LogHandler* const old = handler_.exchange(fresh);
    if (old == nullptr) return;
    wait_for_others();
    old->next_retired = retired_.load();
    while (!retired_.compare_exchange_weak(old->next_retired, old)) {
    }
    if (in_flight_.load() != 0) return;  // a handler replaces itself: it is destroyed with the next one
    for (LogHandler* handler = retired_.exchange(nullptr); handler != nullptr;) {
      delete std::exchange(handler, handler->next_retired);
    }
  }

  /// This line steps aside from now on, in place of another one.
  void stand(StandingLine& line) noexcept { line_.store(&line); }
  /// It has gone. False: somebody is still calling it, so that it must not be destroyed.
  [[nodiscard]] bool leave(StandingLine& line) noexcept {
    StandingLine* standing = &line;
    line_.compare_exchange_strong(standing, nullptr);
    return wait_for_others() && depth() == 0;  // who begins to log from here on does not find it
  }

 private:
  // Until nobody logs who began before. Bounded, and false then: in a forked child the thread that was logging does not
  // exist, and a handler may block. On a busy machine a thread is without a processor for some tenths of a second.
  bool wait_for_others() noexcept {
    if (in_flight_.load() == depth()) return true;
    waiting_.fetch_add(1);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    bool alone = false;
    while (!(alone = in_flight_.load() == depth()) && std::chrono::steady_clock::now() < end) ::sched_yield();
    waiting_.fetch_sub(1);
    return alone;
  }
  static unsigned& depth() noexcept {  // of this thread's calls of the handler
    thread_local unsigned value = 0;
    return value;
  }

  std::atomic<LogHandler*> handler_{nullptr};
  std::atomic<LogHandler*> retired_{nullptr};
  std::atomic<StandingLine*> line_{nullptr};
  std::atomic<unsigned> in_flight_{0};
  std::atomic<unsigned> waiting_{0};  // threads that wait until nothing is in flight
};

inline void log_message(LogLevel level, std::string_view text) noexcept { Log::instance().write(level, text); }

}  // namespace detail

/// Sends what the library has to say to `handler(LogLevel, std::string_view)`: a std::function or anything else that
/// can be called so. `{}`, nullptr or an empty std::function bring back the default, which writes warnings and errors
/// to standard error. Logged are: a callback that throws, an initializer that throws, a worker that dies.
///
/// Threads: the handler may be called from several threads at once. When this function returns, the former handler is
/// not running any more (unless it is the caller). What a handler throws is dropped.
template <class Handler = std::nullptr_t>
void set_log_handler(Handler handler) {
  if constexpr (std::is_same_v<Handler, std::nullptr_t>) {
    detail::Log::instance().replace(nullptr);
  } else {
    static_assert(std::is_invocable_v<Handler&, LogLevel, std::string_view>,
                  "concurrent::futures: set_log_handler: the handler cannot be called with a LogLevel and a "
                  "std::string_view. Give it those two parameters.");
    if constexpr (std::is_constructible_v<bool, const Handler&> && !std::is_empty_v<Handler>) {
      if (!static_cast<bool>(handler)) return detail::Log::instance().replace(nullptr);
    }
    detail::Log::instance().replace(new detail::FunctionLogHandler<Handler>(std::move(handler)));
  }
}

}  // namespace concurrent::futures::inline v0
