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
//   a standby    see below; nobody is told.
//
// Standbys
//   Copying the page tables of a caller with a gibibyte costs tens of milliseconds, a fresh image some; a worker that
//   is to be replaced should not cost its pool that time. So where workers are replaced (max_tasks_per_child, or one
//   has died) the zygote keeps a process ready that has all behind it but its place: it sleeps in recv on its own end
//   of a socketpair, all signals ignored. To start a worker is then one message. Standbys are made only while the
//   zygote has nothing else to do, and, where the last fork took long, not before as much time again has passed: the
//   new worker needs a processor first. One at first; more, up to a few, when a request found none ready. A standby is
//   no worker: it has no place, name or number, has run no initializer, and is in no list of the caller's.
//     it dies before it has a place         the zygote reaps it, and makes another after the next start.
//     … while it is given its place         the message cannot be sent: the next standby, or a new process, takes the
//                                           place. Once it is sent, the process is that worker: its death is reported
//                                           like that of any worker that has not started to work.
//     the zygote dies                       PR_SET_PDEATHSIG, as for workers; also, its end of the socketpair closes.
//     the caller dies, or shuts down        the zygote kills standbys with the workers, reaps them and ends.
//   Under "fork" it shows the caller's memory as the zygote has it: as it was when the executor was made.
#pragma once

#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/profile.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/surroundings.hpp>
#include <concurrent/multiprocessing/detail/worker.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <sys/signalfd.h>

#include <chrono>
#include <string>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

struct ZygoteSetup {
  Segment* segment = nullptr;
  Descriptor channel;  // the zygote's end
  ProcessInfo caller;
  StartMethod method = StartMethod::fork;
  Surroundings surroundings;
  WorkerInitializer initializer;
  std::uint64_t pool = 0;
};

/// Starts a fresh image of this program (freeze_support.hpp): a worker, or a standby that reads its place from the
/// descriptor `channel`. Returns its pid, or -errno.
pid_t spawn_worker(const ZygoteSetup& setup, const ZygoteRequest& request, int pipe);
pid_t spawn_standby(const ZygoteSetup& setup, int channel, int pipe);

/// In a fresh process, whichever way it came: it ends with `zygote`. The kernel forgets the first tie when the process
/// changes its user; the second is the pipe, whose reader is the zygote: when that is gone the writer is told, by
/// SIGKILL.
inline void tie_to_zygote(pid_t zygote, int pipe) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (pipe >= 0 && ::fcntl(pipe, F_SETOWN, ::getpid()) == 0 && ::fcntl(pipe, F_SETSIG, SIGKILL) == 0)
    ::fcntl(pipe, F_SETFL, O_NONBLOCK | O_ASYNC);
  if (::getppid() != zygote) ::_exit(0);  // it died before it could be told
}

/// Becomes the worker that is asked for.
[[noreturn]] inline void become_worker(ZygoteSetup& setup, const ZygoteRequest& request) noexcept {
  set_dispositions(setup.surroundings.ignored);
  block_only(0);
  drop_inherited_output();
  empty_input();
  begin_profile();
  ProcessIdentity& identity = process_identity();
  identity.name = worker_name(setup.method, request.name);
  identity.parent = setup.caller;
  identity.pool = setup.pool;
  set_process_title(identity.name.c_str());
  setup.segment->close_descriptor();
  CONCURRENT_FUTURES_FAULT_POINT("worker.started_process");
  struct Place {
    ZygoteSetup& setup;
    std::uint32_t index;
  } place{setup, request.worker};
  const auto work = [](void* argument) {
    const Place& here = *static_cast<const Place*>(argument);
    Worker(*here.setup.segment, here.index).run(here.setup.initializer);
  };
  if (setup.surroundings.stack != 0) run_on_own_stack(setup.surroundings.stack, work, &place);
  work(&place);
  ::_exit(1);  // not reached
}

/// Waits for a place, then becomes the worker there.
[[noreturn]] inline void become_standby(ZygoteSetup& setup, Descriptor orders) noexcept {
  set_process_title("standby");
  set_dispositions(all_signals);  // not blocked: one that is sent to the whole group now must not hit the worker later
  block_only(0);
  CONCURRENT_FUTURES_FAULT_POINT("standby.waits");
  ZygoteRequest request;
  if (take_message(orders.get(), request, 0) != Taken::message) ::_exit(0);
  orders.reset();
  CONCURRENT_FUTURES_FAULT_POINT("standby.has_place");
  become_worker(setup, request);
}

class Zygote {
 public:
  explicit Zygote(ZygoteSetup& setup)
      : setup_(setup), pid_(::getpid()), standbys_wanted_(setup.segment->geometry().tasks_per_worker != 0 ? 1 : 0) {}

  [[noreturn]] void run() noexcept {
    set_process_title("zygote");
    set_dispositions(0);
    block_only(all_signals);
    const sigset_t child = signal_set(signal_bit(SIGCHLD));
    children_ended_ = owned(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
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
    Descriptor pipe;  // its other end is the child's, who never uses it
    std::uint32_t worker;
    std::uint64_t serial;
    bool executed;  // it is another program now
  };
  struct Standby {
    pid_t pid;
    Descriptor pipe;
    Descriptor orders;  // our end
  };
  struct Process {
    pid_t pid;  // 0: none; -errno: it could not be started
    Descriptor pipe;
  };
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t most_standbys = 4;
  static constexpr Clock::duration short_fork = std::chrono::milliseconds(1);
  static constexpr Clock::duration longest_wait = std::chrono::milliseconds(50);

  /// Waits for something to happen and handles it. False: time to end.
  bool step() noexcept {
    watched_.clear();
    watched_.push_back({setup_.channel.get(), static_cast<short>(reports_.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    watched_.push_back({children_ended_.get(), POLLIN, 0});
    watched_.push_back({caller_ended_.get(), POLLIN, 0});
    for (const Child& child : children_) watched_.push_back({child.pipe.get(), 0, 0});
    // Without a pidfd or a signalfd it looks by itself now and then.
    const bool blind = !children_ended_.valid() || !caller_ended_.valid();
    const int patience = refill_ ? milliseconds_to(refill_due_) : blind ? 20 : -1;
    const int happened = ::poll(watched_.data(), watched_.size(), patience);
    if (happened < 0) return errno == EINTR || errno == EAGAIN || errno == ENOMEM;
    if (happened == 0 && refill_) make_standby();
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
    Process process = use_standby(request);
    if (process.pid == 0) process = start_process(request);
    const pid_t pid = process.pid;
    refill_ = standbys_.size() < standbys_wanted_;
    if (refill_)
      refill_due_ = Clock::now() +
                    (last_fork_ < short_fork ? Clock::duration{} : pickle::detail::least(last_fork_, longest_wait));
    if (pid < 0) {
      report({ZygoteReport::Kind::start_failed, request.worker, request.serial, 0, -pid});
      return;
    }
    CONCURRENT_FUTURES_FAULT_POINT("zygote.forked");
    children_.push_back({pid, std::move(process.pipe), request.worker, request.serial, false});
    report({ZygoteReport::Kind::started, request.worker, request.serial, pid, 0});
  }

  Process start_process(const ZygoteRequest& request) noexcept {
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

  /// The standby that has become the worker, if there was one.
  Process use_standby(const ZygoteRequest& request) noexcept {
    while (!standbys_.empty()) {
      Standby standby = std::move(standbys_.front());
      standbys_.erase(standbys_.begin());  // the oldest: it is the surest to be ready
      const auto sent = ::send(standby.orders.get(), &request, sizeof request, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent == static_cast<ssize_t>(sizeof request)) return {standby.pid, std::move(standby.pipe)};
      ::kill(standby.pid, SIGKILL);  // has ended, or is about to; not reaped yet, so the pid is still its own
    }
    // They are used faster than they are made, unless none was made yet.
    if (standby_made_) standbys_wanted_ = pickle::detail::least(standbys_wanted_ * 2, most_standbys);
    return {0, {}};
  }

  pid_t fork_child() noexcept {
    const Clock::time_point before = Clock::now();
    const pid_t pid = fork_counted();
    last_fork_ = Clock::now() - before;
    return pid;
  }

  static int milliseconds_to(Clock::time_point time) noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
    return pickle::detail::greatest(0, static_cast<int>(left.count()));
  }

  /// What the system refuses now it may grant after the next start.
  void make_standby() noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.standby");
    refill_ = false;
    int ends[2];
    std::pair<Descriptor, Descriptor> orders;
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 || !own_both(ends, orders)) return;
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
    standby_made_ = true;
    standbys_.push_back({pid, std::move(pipe), std::move(ours)});
    refill_ = standbys_.size() < standbys_wanted_;
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
      ::kill(child.pid, may_kill && is_ignored_in(child.pid, SIGTERM) ? SIGKILL : request.signal);
    }
  }

  /// The worker is ending, or a task has closed what is not its to close, or it is another program now.
  void pipe_closed(Child& child) noexcept {
    child.pipe.reset();
    const std::uint64_t base = setup_.segment->worker(child.worker).base.load(std::memory_order_relaxed);
    if (base == 0 || !is_unmapped_in(child.pid, base)) return;
    child.executed = true;
    ::kill(child.pid, SIGKILL);
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
      // From here on the pid may be anybody's.
      for (auto standby = standbys_.begin(); standby != standbys_.end(); ++standby) {
        if (standby->pid != pid) continue;
        standbys_.erase(standby);
        break;
      }
      for (std::size_t i = 0; i < children_.size(); ++i) {
        if (children_[i].pid != pid) continue;
        report({ZygoteReport::Kind::ended, children_[i].worker, children_[i].serial, pid, status,
                children_[i].executed ? 1U : 0U});
        if (i + 1 != children_.size()) children_[i] = std::move(children_.back());
        children_.pop_back();
        if (status != 0 && standbys_wanted_ == 0) standbys_wanted_ = 1;  // it did not leave by itself
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
      reports_.erase(reports_.begin());
    }
  }

  [[noreturn]] void finish() noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("zygote.finish");
    for (const Child& child : children_) ::kill(child.pid, SIGKILL);
    for (const Standby& standby : standbys_) ::kill(standby.pid, SIGKILL);
    while (wait_for(-1, nullptr) > 0) {
    }
    ::_exit(status_);
  }

  ZygoteSetup& setup_;
  const pid_t pid_;
  int status_ = 0;
  Descriptor children_ended_;
  Descriptor caller_ended_;
  std::vector<Child> children_;
  std::vector<pollfd> watched_;
  std::vector<ZygoteReport> reports_;
  std::vector<Standby> standbys_;  // oldest first
  std::size_t standbys_wanted_;
  bool standby_made_ = false;
  bool refill_ = false;  // there are fewer than wanted, and another may be tried
  Clock::time_point refill_due_{};
  Clock::duration last_fork_{};
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
