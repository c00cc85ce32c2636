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
//   a worker     SIGCHLD; the zygote reaps it and reports how it ended. One that has become another program (exec in a
//                task) would look alive for ever: the kernel then closes its end of a pipe, and the zygote kills it.
//   a standby    see standby_pool.hpp; nobody is told.
#pragma once

#include <concurrent/multiprocessing/detail/become_worker.hpp>
#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/multiprocessing/detail/standby_pool.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>
#include <concurrent/multiprocessing/detail/zygote_setup.hpp>
#include <concurrent/os/process.hpp>
#include <concurrent/os/signals.hpp>
#include <concurrent/os/socket.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class Zygote {
 public:
  explicit Zygote(ZygoteSetup& setup)
      : setup_(setup), pid_(::getpid()), standbys_(setup.segment->geometry().tasks_per_worker != 0 ? 1 : 0) {}

  [[noreturn]] void run() noexcept {
    os::set_process_title("zygote");
    set_dispositions(0);
    block_only(all_signals);
    children_ended_ = Descriptor(os::open_signals(signal_set(signal_bit(SIGCHLD))));
    caller_ended_ = open_pidfd(setup_.caller.pid);
    CONCURRENT_FUTURES_FAULT_POINT("zygote.ready");
    report({ZygoteReport::Kind::ready, 0, 0, pid_, 0});
    while (step()) {
    }
    finish();
  }

 private:
  using Clock = StandbyPool::Clock;
  struct Child {
    using MovedByBytes = Descriptor;
    pid_t pid;
    Descriptor pipe;  // its other end is the child's, who never uses it
    std::uint32_t worker;
    std::uint64_t serial;
    bool executed;  // it is another program now
  };

  /// Waits for something to happen and handles it. False: time to end.
  bool step() noexcept {
    watched_.clear();
    watched_.push_back({setup_.channel.get(), static_cast<short>(reports_.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    watched_.push_back({children_ended_.get(), POLLIN, 0});
    watched_.push_back({caller_ended_.get(), POLLIN, 0});
    for (const Child& child : children_) watched_.push_back({child.pipe.get(), 0, 0});
    // Without a pidfd or a signalfd it looks by itself now and then.
    const bool blind = !children_ended_.valid() || !caller_ended_.valid();
    const int patience = standbys_.lacks_one() ? standbys_.milliseconds_left(Clock::now()) : blind ? 20 : -1;
    const int happened = ::poll(watched_.begin(), watched_.size(), patience);
    if (happened < 0) return errno == EINTR || errno == EAGAIN || errno == ENOMEM;
    if (happened == 0 && standbys_.lacks_one()) make_standby();
    if (watched_[2].revents != 0 || ::getppid() != setup_.caller.pid) return false;
    for (std::size_t i = 0; i + 3 < watched_.size(); ++i) {
      if (watched_[3 + i].revents != 0) pipe_closed(children_[i]);
    }
    if (watched_[1].revents != 0 || !children_ended_.valid()) reap();
    if ((watched_[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !take_requests()) return false;
    send_reports();
    return true;
  }

  bool take_requests() noexcept {
    for (;;) {
      ZygoteRequest request;
      switch (take_message(setup_.channel.get(), request, MSG_DONTWAIT)) {
        case Taken::message:
          break;
        case Taken::nothing:
          return true;
        case Taken::end:  // the caller has closed its end, or somebody there who should not have
          status_ = channel_was_closed;
          return false;
      }
      switch (request.kind) {
        case ZygoteRequest::Kind::start:
          start(request);
          break;
        case ZygoteRequest::Kind::signal:
          send_signal(request);
          break;
        case ZygoteRequest::Kind::sync:  // what was asked for before is done
          report({ZygoteReport::Kind::synced, 0, request.serial, 0, 0});
          break;
        case ZygoteRequest::Kind::quit:
          return false;
      }
    }
  }

  void start(const ZygoteRequest& request) noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.start");
    StartedProcess process = standbys_.use(request);
    if (process.pid == 0) process = start_process(request);
    const pid_t pid = process.pid;
    standbys_.worker_started(Clock::now());
    if (pid < 0) {
      report({ZygoteReport::Kind::start_failed, request.worker, request.serial, 0, -pid});
      return;
    }
    CONCURRENT_FUTURES_FAULT_POINT("zygote.forked");
    children_.push_back({pid, std::move(process.pipe), request.worker, request.serial, false});
    report({ZygoteReport::Kind::started, request.worker, request.serial, pid, 0});
  }

  StartedProcess start_process(const ZygoteRequest& request) noexcept {
    if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("zygote.fork"); error != 0) return {-error, {}};
    auto [ours, theirs] = make_pipe();
    if (setup_.method == StartMethod::spawn) return {spawn_worker(setup_, request, theirs.get()), std::move(ours)};
    const pid_t pid = fork_child();
    if (pid == 0) {
      ours.reset();
      leave_zygote(theirs.get());
      theirs.release();  // open until this process ends, or is another program
      become_worker(setup_, request);
    }
    return {pid < 0 ? -errno : pid, std::move(ours)};
  }

  pid_t fork_child() noexcept {
    const Clock::time_point before = Clock::now();
    const pid_t pid = fork_counted();
    standbys_.note_fork(Clock::now() - before);
    return pid;
  }

  void make_standby() noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.standby");
    standbys_.making();
    int ends[2];
    std::pair<Descriptor, Descriptor> orders;
    if (!os::open_message_channel(ends) || !own_both(ends, orders)) return;
    auto& [ours, theirs] = orders;
    auto [pipe, kept] = make_pipe();
    pid_t pid = 0;
    if (setup_.method == StartMethod::spawn) {
      pid = spawn_standby(setup_, theirs.get(), kept.get());
    } else {
      pid = fork_child();
      if (pid == 0) {
        ours.reset();
        pipe.reset();
        leave_zygote(kept.get());
        kept.release();
        become_standby(setup_, std::move(theirs));
      }
    }
    if (pid <= 0) return;
    standbys_.add({pid, std::move(pipe), std::move(ours)});
  }

  /// In a forked child: keeps nothing that is the zygote's.
  void leave_zygote(int pipe) noexcept {
    setup_.channel.reset();
    children_ended_.reset();
    caller_ended_.reset();
    standbys_.clear();
    children_.clear();
    tie_to_zygote(pid_, pipe);
  }

  void send_signal(const ZygoteRequest& request) noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.signal");
    // What its workers ignore by our doing would only make the caller wait for nothing. A task may have a handler.
    const bool may_kill = request.signal == SIGTERM && (setup_.surroundings.ignored & signal_bit(SIGTERM)) != 0;
    for (const Child& child : children_) {
      // Not reaped yet, so the pid is still this worker's.
      if (child.worker != request.worker || child.serial != request.serial) continue;
      ::kill(child.pid, may_kill && os::is_ignored_in(child.pid, SIGTERM) ? SIGKILL : request.signal);
    }
  }

  /// The worker is ending, or a task has closed what is not its to close, or it is another program now.
  void pipe_closed(Child& child) noexcept {
    child.pipe.reset();
    const std::uint64_t base = setup_.segment->worker(child.worker).base.load(std::memory_order_relaxed);
    if (base == 0 || !os::is_unmapped_in(child.pid, base)) return;
    child.executed = true;
    ::kill(child.pid, SIGKILL);
  }

  void reap() noexcept {
    if (children_ended_.valid()) os::drop_signals(children_ended_.get());
    for (;;) {
      int status = 0;
      const pid_t pid = wait_for(-1, &status, WNOHANG);
      if (pid <= 0) return;
      if (os::let_go_of_traced(pid, status)) continue;
      CONCURRENT_FUTURES_FAULT_POINT("zygote.reaped");
      // From here on the pid may be anybody's.
      standbys_.reaped(pid);
      for (std::size_t i = 0; i < children_.size(); ++i) {
        if (children_[i].pid != pid) continue;
        report({ZygoteReport::Kind::ended, children_[i].worker, children_[i].serial, pid, status,
                children_[i].executed ? 1U : 0U});
        if (i + 1 != children_.size()) children_[i] = std::move(children_.back());
        children_.pop_back();
        if (status != 0) standbys_.want_one();  // it did not leave by itself
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
      const ssize_t sent = os::send_bytes(setup_.channel.get(), &reports_.front(), sizeof(ZygoteReport), MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return;
      reports_.pop_front();
    }
  }

  [[noreturn]] void finish() noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.finish");
    for (const Child& child : children_) ::kill(child.pid, SIGKILL);
    standbys_.kill_all();
    while (wait_for(-1, nullptr) > 0) {
    }
    ::_exit(status_);
  }

  ZygoteSetup& setup_;
  const pid_t pid_;
  int status_ = 0;
  Descriptor children_ended_;
  Descriptor caller_ended_;
  PlainVector<Child> children_;
  PlainVector<pollfd> watched_;
  PlainVector<ZygoteReport> reports_;
  StandbyPool standbys_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
