// SPDX-License-Identifier: BSL-1.0
// The processes that a zygote keeps ready to become workers, and its policy of how many and when.
//
// Copying the page tables of a caller with a gibibyte costs tens of milliseconds, a fresh image some; a worker that is
// to be replaced should not cost its pool that time. So where workers are replaced (max_tasks_per_child, or one has
// died) the zygote keeps a process ready that lacks nothing but a slot: it sleeps in recv on its own end of a
// socketpair, all signals ignored. To start a worker is then one message. Standbys are made only while the zygote has
// nothing else to do, and, where the last fork took long, not before as much time again has passed: the new worker
// needs a processor first. One at first; more, up to a few, when a request found none ready. A standby is no worker: it
// has no slot, name or number, has run no initializer, and is in no list of the caller's.
//   it dies before it has a slot     the zygote reaps it, and makes another after the next start.
//   … while it is given its slot     the message cannot be sent: the next standby, or a new process, takes the slot.
//                                    Once it is sent, the process is that worker: its death is reported like that of
//                                    any worker that has not started to work.
//   the zygote dies                  PR_SET_PDEATHSIG, as for workers; also, its end of the socketpair closes.
//   the caller dies, or shuts down   the zygote kills standbys with the workers, reaps them and ends.
// Under "fork" it shows the caller's memory as the zygote has it: as it was when the executor was made.
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>
#include <concurrent/os/socket.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <utility>

#include <sys/socket.h>
#include <sys/types.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What a start has led to.
struct StartedProcess {
  pid_t pid;        // 0: none; -errno: it could not be started
  Descriptor pipe;  // its other end is the process's, who never uses it
};

class StandbyPool {
 public:
  using Clock = std::chrono::steady_clock;
  struct Standby {
    using MovedByBytes = Descriptor;
    pid_t pid;
    Descriptor pipe;
    Descriptor orders;  // our end
  };
  static constexpr std::size_t most_standbys = 4;
  static constexpr Clock::duration short_fork = std::chrono::milliseconds(1);
  static constexpr Clock::duration longest_wait = std::chrono::milliseconds(50);

  explicit StandbyPool(std::size_t wanted) noexcept : wanted_(wanted) {}

  /// The standby that has become the worker that is asked for, if there was one.
  StartedProcess use(const ZygoteRequest& request) noexcept {
    while (!standbys_.empty()) {
      Standby standby = std::move(standbys_.front());
      standbys_.pop_front();  // the oldest: it is the surest to be ready
      const auto sent = os::send_bytes(standby.orders.get(), &request, sizeof request, MSG_DONTWAIT);
      if (sent == static_cast<ssize_t>(sizeof request)) return {standby.pid, std::move(standby.pipe)};
      ::kill(standby.pid, SIGKILL);  // has ended, or is about to; not reaped yet, so the pid is still its own
    }
    // They are used faster than they are made, unless none was made yet.
    if (made_) wanted_ = pickle::detail::least(wanted_ * 2, most_standbys);
    return {0, {}};
  }

  /// How long a fork has taken.
  void note_fork(Clock::duration took) noexcept { last_fork_ = took; }
  /// A worker has been started, and has the processor first.
  void worker_started(Clock::time_point now) noexcept {
    lacks_one_ = standbys_.size() < wanted_;
    if (lacks_one_)
      due_ = now + (last_fork_ < short_fork ? Clock::duration{} : pickle::detail::least(last_fork_, longest_wait));
  }
  /// Workers are being replaced.
  void want_one() noexcept {
    if (wanted_ == 0) wanted_ = 1;
  }

  /// Whether another is to be made, once the zygote has had nothing else to do until `milliseconds_left`.
  bool lacks_one() const noexcept { return lacks_one_; }
  int milliseconds_left(Clock::time_point now) const noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - now);
    return pickle::detail::greatest(0, static_cast<int>(left.count()));
  }
  /// Another is about to be made. What the system refuses now it may grant after the next start.
  void making() noexcept { lacks_one_ = false; }
  void add(Standby standby) {
    made_ = true;
    standbys_.push_back(std::move(standby));
    lacks_one_ = standbys_.size() < wanted_;
  }

  /// A process has been reaped, which may have been one of these.
  void reaped(pid_t pid) noexcept {
    for (std::size_t i = 0; i < standbys_.size(); ++i) {
      if (standbys_[i].pid == pid) return standbys_.erase(i);
    }
  }
  void kill_all() const noexcept {
    for (const Standby& standby : standbys_) ::kill(standby.pid, SIGKILL);
  }
  /// In a forked child: they are the zygote's.
  void clear() noexcept { standbys_.clear(); }

 private:
  PlainVector<Standby> standbys_;  // oldest first
  std::size_t wanted_;
  bool made_ = false;
  bool lacks_one_ = false;  // there are fewer than wanted, and another may be tried
  Clock::time_point due_{};
  Clock::duration last_fork_{};
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
