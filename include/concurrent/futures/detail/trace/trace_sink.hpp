// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace concurrent::futures::inline v0::detail {

/// Where something ran.
struct TraceThread {
  pid_t process = 0;
  pid_t thread = 0;
};

/// What pools tell a trace (trace.hpp). Apart from it, so that a program that traces nothing compiles none of it.
///
/// Times are nanoseconds of the monotonic clock. Threads: any, at any time, also under a pool's lock. Nothing throws:
/// where memory is short, an event is left out.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  /// From here on `task`, an address, stands for this task, until it `ran` for the last time or `ended`.
  virtual void submitted(const void* task, std::string name) noexcept = 0;
  /// `again`: the task will be run once more.
  virtual void ran(const void* task, TraceThread where, std::int64_t start, std::int64_t end, const char* outcome,
                   bool again) noexcept = 0;
  /// The task is done without having been run, or run again.
  virtual void ended(const void* task) noexcept = 0;
  virtual void worker_started(TraceThread where, const std::string& name, std::int64_t since) noexcept = 0;
  virtual void worker_ended(TraceThread where, const std::string& name, const std::string& how) noexcept = 0;
  /// Writes what has been noted. Returns, once, why that failed; mostly nothing. Not under a pool's lock.
  virtual std::string flush() noexcept = 0;
  /// Completes the file. What comes later is dropped.
  virtual std::string close() noexcept = 0;
};

}  // namespace concurrent::futures::inline v0::detail
