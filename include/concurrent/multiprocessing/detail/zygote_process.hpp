// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {

struct ProcessInfo;

namespace detail {

class Descriptor;
class Segment;
struct Surroundings;
struct WorkerInitializer;

/// The caller's side of its zygote: a pid to reap and a channel to talk through.
class ZygoteProcess {
 public:
  ZygoteProcess() = default;
  ZygoteProcess(const ZygoteProcess&) = delete;
  ZygoteProcess& operator=(const ZygoteProcess&) = delete;
  ~ZygoteProcess();

  /// Throws std::system_error when the system refuses a process or a descriptor.
  void start(Segment& segment, StartMethod method, WorkerInitializer initializer, std::uint64_t pool);

  pid_t pid() const noexcept { return pid_; }

  /// False: the zygote is gone, or will be.
  bool send(const ZygoteRequest& request) noexcept;
  /// Where somebody has stopped it (SIGSTOP). Sending anything but a start does the same.
  void go_on() noexcept;
  /// Blocks for a moment. False: receive() would block.
  bool report_waits(std::chrono::nanoseconds patience) noexcept;
  /// Blocks. False: the zygote is gone, or will be.
  bool receive(ZygoteReport& report) noexcept;

  /// Whether the program has closed our end of the channel, which ends the zygote.
  bool lost_channel() const noexcept { return lost_channel_.load(); }

  /// Somebody else has waited for it, or the program ignores SIGCHLD.
  static constexpr int status_unknown = -1;

  /// Waits for its end, once it is on its way. Returns the status as waitpid gives it.
  int reap() noexcept;
  void close() noexcept;

 private:
  bool is_channel() const noexcept;
  bool has_channel() noexcept;
  static pid_t start_fork(Segment& segment, Descriptor channel, const ProcessInfo& caller,
                          const Surroundings& surroundings, WorkerInitializer initializer, std::uint64_t pool,
                          bool may_try_again);
  bool forked_in_vain() noexcept;
  static pid_t start_fresh(Segment& segment, const Descriptor& channel, const ProcessInfo& caller,
                           const Surroundings& surroundings, StartMethod method, std::uint64_t pool);
  static void check_startable();

  static constexpr int loader_was_in_use = 117;  // an exit status
  static constexpr int most_tries = 50;

  int channel_ = -1;
  std::uint64_t channel_number_ = 0;
  pid_t pid_ = 0;
  std::atomic<bool> lost_channel_{false};
  Mutex reap_mutex_;
  bool reaped_ CONCURRENT_FUTURES_GUARDED_BY(reap_mutex_) = false;  // from then on the pid may be anybody's
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/multiprocessing/detail/zygote_process.impl.hpp>
#endif
