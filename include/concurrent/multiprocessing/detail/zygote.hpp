// SPDX-License-Identifier: BSL-1.0
// The zygote: the one process that starts, signals and reaps a pool's workers. It has one thread and runs no user code,
// so it may fork at any time; and since it alone reaps, no signal of ours ever reaches a stranger who was given a dead
// worker's pid.
//
// Who dies, and what follows
//   the caller   its end of the channel closes, or its pidfd says so (a child that the caller forked may hold the
//                channel open): the zygote kills every worker, reaps them and ends.
//   the zygote   the kernel kills its workers (PR_SET_PDEATHSIG; the zygote's only thread is their parent); the caller
//                reads the end of the channel and breaks the pool.
//   a worker     SIGCHLD; the zygote reaps it and reports how it ended.
#pragma once

#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/worker.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>

#include <sys/signalfd.h>

#include <deque>
#include <string>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

struct ZygoteSetup {
  Segment* segment = nullptr;
  Descriptor channel;  // the zygote's end
  ProcessInfo caller;
  StartMethod method = StartMethod::fork;
  WorkerInitializer initializer;
  std::uint64_t pool = 0;
};

/// Starts one worker as a fresh image of this program (freeze_support.hpp). Returns its pid, or -errno.
pid_t spawn_worker(const ZygoteSetup& setup, const ZygoteRequest& request);

/// In the fresh worker process, whichever way it came: becomes the worker. `zygote` is the process that must live.
[[noreturn]] inline void become_worker(ZygoteSetup& setup, const ZygoteRequest& request, pid_t zygote) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != zygote) ::_exit(0);  // it died before it could be told
  reset_signals();
  drop_inherited_output();
  ProcessIdentity& identity = process_identity();
  identity.name = worker_name(setup.method, request.name);
  identity.parent = setup.caller;
  identity.pool = setup.pool;
  set_process_title(identity.name.c_str());
  setup.segment->close_descriptor();
  CONCURRENT_FUTURES_FAULT_POINT("worker.started_process");
  Worker(*setup.segment, request.worker).run(setup.initializer);
}

class Zygote {
 public:
  explicit Zygote(ZygoteSetup& setup) : setup_(setup), pid_(::getpid()) {}

  [[noreturn]] void run() noexcept {
    set_process_title("zygote");
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
      if (number != SIGKILL && number != SIGSTOP) ::sigaction(number, &action, nullptr);
    }
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    children_ended_ = Descriptor(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    caller_ended_ = open_pidfd(setup_.caller.pid);
    CONCURRENT_FUTURES_FAULT_POINT("zygote.ready");
    report({ZygoteReport::Kind::ready, 0, 0, pid_, 0});
    while (step()) {
    }
    finish();
  }

 private:
  struct Child {
    pid_t pid;
    std::uint32_t worker;
    std::uint64_t serial;
  };

  /// Waits for something to happen and handles it. False: time to end.
  bool step() noexcept {
    pollfd watched[3] = {{setup_.channel.get(), static_cast<short>(reports_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
                         {children_ended_.get(), POLLIN, 0},
                         {caller_ended_.get(), POLLIN, 0}};
    // Without a pidfd or a signalfd it looks by itself now and then.
    const bool blind = !children_ended_.valid() || !caller_ended_.valid();
    if (::poll(watched, 3, blind ? 20 : -1) < 0 && errno != EINTR) return false;
    if (watched[2].revents != 0 || ::getppid() != setup_.caller.pid) return false;
    if (watched[1].revents != 0 || !children_ended_.valid()) reap();
    if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !take_requests()) return false;
    send_reports();
    return true;
  }

  bool take_requests() noexcept {
    for (;;) {
      ZygoteRequest request;
      const ssize_t size = ::recv(setup_.channel.get(), &request, sizeof request, MSG_DONTWAIT);
      if (size < 0) return errno == EAGAIN || errno == EINTR;
      if (size != static_cast<ssize_t>(sizeof request)) return false;  // 0: the caller has closed its end
      switch (request.kind) {
        case ZygoteRequest::Kind::start:
          start(request);
          break;
        case ZygoteRequest::Kind::signal:
          send_signal(request);
          break;
        case ZygoteRequest::Kind::quit:
          return false;
      }
    }
  }

  void start(const ZygoteRequest& request) noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.start");
    pid_t pid = 0;
    if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("zygote.fork"); error != 0) {
      pid = -error;
    } else if (setup_.method == StartMethod::spawn) {
      pid = spawn_worker(setup_, request);
    } else {
      pid = ::fork();
      if (pid == 0) {
        setup_.channel.reset();
        children_ended_.reset();
        caller_ended_.reset();
        become_worker(setup_, request, pid_);
      }
      if (pid < 0) pid = -errno;
    }
    if (pid < 0) {
      report({ZygoteReport::Kind::start_failed, request.worker, request.serial, 0, -pid});
      return;
    }
    CONCURRENT_FUTURES_FAULT_POINT("zygote.forked");
    children_.push_back({pid, request.worker, request.serial});
    report({ZygoteReport::Kind::started, request.worker, request.serial, pid, 0});
  }

  void send_signal(const ZygoteRequest& request) noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.signal");
    for (const Child& child : children_) {
      // Not reaped yet, so the pid is still this worker's.
      if (child.worker == request.worker && child.serial == request.serial) ::kill(child.pid, request.signal);
    }
  }

  void reap() noexcept {
    signalfd_siginfo ignored;
    while (children_ended_.valid() && ::read(children_ended_.get(), &ignored, sizeof ignored) > 0) {
    }
    for (;;) {
      int status = 0;
      const pid_t pid = wait_for(-1, &status, WNOHANG);
      if (pid <= 0) return;
      CONCURRENT_FUTURES_FAULT_POINT("zygote.reaped");
      for (std::size_t i = 0; i < children_.size(); ++i) {
        if (children_[i].pid != pid) continue;
        report({ZygoteReport::Kind::ended, children_[i].worker, children_[i].serial, pid, status});
        children_[i] = children_.back();
        children_.pop_back();
        break;
      }
    }
  }

  /// Never blocks: a caller that is slow to read must not keep us from seeing its end.
  void report(const ZygoteReport& message) noexcept {
    reports_.push_back(message);
    send_reports();
  }
  void send_reports() noexcept {
    while (!reports_.empty()) {
      const ssize_t sent =
          ::send(setup_.channel.get(), &reports_.front(), sizeof(ZygoteReport), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return;
      reports_.pop_front();
    }
  }

  [[noreturn]] void finish() noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.finish");
    for (const Child& child : children_) ::kill(child.pid, SIGKILL);
    while (wait_for(-1, nullptr) > 0) {
    }
    ::_exit(0);
  }

  ZygoteSetup& setup_;
  const pid_t pid_;
  Descriptor children_ended_;
  Descriptor caller_ended_;
  std::vector<Child> children_;
  std::deque<ZygoteReport> reports_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
