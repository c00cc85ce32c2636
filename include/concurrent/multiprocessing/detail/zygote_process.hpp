// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/exit_guard.hpp>
#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/fresh_image.hpp>
#include <concurrent/multiprocessing/detail/loader_lock.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/multiprocessing/detail/zygote.hpp>
#include <concurrent/pickle/detail/module.hpp>

#include <sys/socket.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The caller's side of its zygote: a pid to reap and a channel to talk through.
class ZygoteProcess {
 public:
  ZygoteProcess() = default;
  ZygoteProcess(const ZygoteProcess&) = delete;
  ZygoteProcess& operator=(const ZygoteProcess&) = delete;
  ~ZygoteProcess() { close(); }

  /// Throws std::system_error when the system refuses a process or a descriptor.
  void start(Segment& segment, StartMethod method, WorkerInitializer initializer, std::uint64_t pool) {
    const ProcessInfo caller = current_process();
    for (int tries = 1;; ++tries) {
      auto [ours, theirs] = make_message_channel();
      DescriptorRegistry::instance().add(ours.get());
      channel_ = ours.release();
      pid_ = method == StartMethod::fork
                 ? start_fork(segment, std::move(theirs), caller, initializer, pool, tries < most_tries)
                 : start_fresh(segment, theirs, caller, method, pool);
      if (pid_ < 0) {
        const int error = -pid_;
        close();
        throw_errno(error,
                    method == StartMethod::fork ? "fork of the helper process" : "posix_spawn of the helper process");
      }
      if (method != StartMethod::fork || tries == most_tries || !forked_in_vain()) return;
      reap();
      close();
    }
  }

  pid_t pid() const noexcept { return pid_; }

  /// False: the zygote is gone.
  bool send(const ZygoteRequest& request) noexcept {
    for (;;) {
      const ssize_t sent = ::send(channel_, &request, sizeof request, MSG_NOSIGNAL);
      if (sent >= 0 || errno != EINTR) return sent >= 0;
    }
  }

  /// Blocks. False: the zygote is gone.
  bool receive(ZygoteReport& report) noexcept {
    for (;;) {
      const ssize_t size = ::recv(channel_, &report, sizeof report, 0);
      if (size == static_cast<ssize_t>(sizeof report)) return true;
      if (size >= 0 || errno != EINTR) return false;
    }
  }

  /// Somebody else has waited for it, or the program ignores SIGCHLD.
  static constexpr int status_unknown = -1;

  /// Waits for its end, once it is on its way. Returns the status as waitpid gives it.
  int reap() noexcept {
    int status = 0;
    return wait_for(pid_, &status) < 0 ? status_unknown : status;
  }

  void close() noexcept {
    if (channel_ >= 0) DescriptorRegistry::instance().close(std::exchange(channel_, -1));
  }

 private:
  static pid_t start_fork(Segment& segment, Descriptor channel, const ProcessInfo& caller,
                          WorkerInitializer initializer, std::uint64_t pool, bool may_try_again) {
    flush_output();  // or the workers would have a copy of what is not written yet
    // Other threads may hold locks at the moment of the fork, which nobody in the child would ever release. What takes
    // one and a worker needs is done before: its exit handler, and the first look at the program's own module.
    guard_exit();
    pickle::detail::main_module();
    const BlockSignals no_handlers;
    if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.fork"); error != 0) return -error;
    const pid_t pid = ::fork();
    if (pid != 0) return pid > 0 ? pid : -errno;
    DescriptorRegistry::instance().close_all();
    if (may_try_again && !loader_is_usable()) ::_exit(loader_was_in_use);
    ZygoteSetup setup;
    setup.segment = &segment;
    setup.channel = std::move(channel);
    setup.caller = caller;
    setup.method = StartMethod::fork;
    setup.initializer = initializer;
    setup.pool = pool;
    Zygote(setup).run();
  }

  /// Waits until the fork has shown that it can work. True: it has ended, since it was made at a bad moment.
  bool forked_in_vain() noexcept {
    pollfd watched{channel_, POLLIN, 0};
    while (::poll(&watched, 1, 1000) < 0 && errno == EINTR) {
    }
    char first = 0;
    if (::recv(channel_, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 0) return false;
    siginfo_t end{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT) == 0 && end.si_code == CLD_EXITED &&
           end.si_status == loader_was_in_use;
  }

  static pid_t start_fresh(Segment& segment, const Descriptor& channel, const ProcessInfo& caller, StartMethod method,
                           std::uint64_t pool) {
    ImageOrders orders;
    orders.role = ImageRole::zygote;
    orders.method = method;
    orders.channel = channel.get();
    orders.segment = segment.descriptor();
    orders.starter = caller.pid;
    orders.caller = caller;
    orders.pool = pool;
    return start_image(orders);
  }

  static constexpr int loader_was_in_use = 117;  // an exit status
  static constexpr int most_tries = 50;

  int channel_ = -1;
  pid_t pid_ = 0;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
