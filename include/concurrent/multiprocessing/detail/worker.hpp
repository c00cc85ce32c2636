// SPDX-License-Identifier: BSL-1.0
// A worker process: takes calls, runs them, publishes results, until it is told to leave.
//
// It holds no lock, and one descriptor that it never uses (the kernel closes it when a task replaces the process by
// another program: that is how the zygote hears of it). So it may be killed, stopped, or closed out of its descriptors
// between any two instructions and nobody else notices more than that it is gone.
#pragma once

#include <concurrent/multiprocessing/detail/call_queue.hpp>
#include <concurrent/multiprocessing/detail/checked_call.hpp>
#include <concurrent/multiprocessing/detail/exit_guard.hpp>
#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/floating_point.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/profile.hpp>
#include <concurrent/multiprocessing/detail/progress_words.hpp>
#include <concurrent/multiprocessing/detail/result_sender.hpp>
#include <concurrent/multiprocessing/detail/result_writer.hpp>
#include <concurrent/multiprocessing/detail/run_one_call.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/multiprocessing/detail/worker_locals.hpp>
#include <concurrent/multiprocessing/detail/worker_sleep.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/os/process.hpp>
#include <concurrent/pickle/phase.hpp>
#include <concurrent/pickle/stop_token.hpp>

#include <time.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What a worker runs before its first call, and after its last: functions and their arguments, valid in the worker.
struct WorkerInitializer {
  void (*run)(const void*) = nullptr;
  const void* argument = nullptr;
  void (*finish)(const void*) = nullptr;
  const void* finish_argument = nullptr;
};

class Worker {
 public:
  Worker(Segment& segment, std::uint32_t index) noexcept
      : segment_(segment),
        entry_(segment.worker(index)),
        index_(index),
        sleep_(segment, index),
        results_(segment, index),
        blocks_(segment.worker_region(index), segment.geometry().ring_capacity),
        budget_(segment.geometry().spin_nanoseconds),
        tasks_left_(segment.geometry().tasks_per_worker) {}

  [[noreturn]] void run(WorkerInitializer initializer) noexcept {
    if (!exit_is_guarded) guard_exit();
    floating_point_.keep();
    entry_.pid.store(fork_guard_.pid(), std::memory_order_relaxed);
    running() = this;
    ProgressPlace::of_process() = {&entry_.progress, &entry_.call};
    ProgressPlace::of_thread() = {};
    WorkerLocals::of_process() = &locals_;
    WorkerLocals::of_thread() = nullptr;
    pickle::detail::StopTokens::of_call = []() noexcept { return running()->stop_token(); };
    entry_.base.store(reinterpret_cast<std::uintptr_t>(segment_.base()), std::memory_order_relaxed);
    if (!initialize(initializer)) retire(1);
    CONCURRENT_FUTURES_FAULT_POINT("worker.ready");
    for (;;) {
      const std::uint64_t call = next_call();
      if (call == no_call) break;
      if (!run_call(call)) continue;
      blocks_.let_go();
      if (tasks_left_ != 0 && --tasks_left_ == 0) {
        let_result_arrive();
        break;
      }
    }
    set_status(WorkerStatus::finishing);  // whatever happens now costs no call
    finish(initializer);
    set_status(WorkerStatus::retired);
    retire(0);
  }

 private:
  /// The one in this process.
  static Worker*& running() noexcept {
    static Worker* worker = nullptr;
    return worker;
  }
  pickle::StopToken stop_token() const noexcept {
    const std::uint64_t call = entry_.call.load(std::memory_order_relaxed);
    return pickle::detail::StopTokens::make(segment_.record(record_of(call)).stop, stop_number(ticket_of(call)));
  }

  [[noreturn]] static void leave_process(int status) noexcept {
    flush_files();
    write_profile();
    ::_exit(status);
  }
  /// Ends on purpose: whoever hears of this process's end finds `retired` and knows that nothing is lost.
  [[noreturn]] void retire(int status) noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("worker.retire");
    // What a result means in shared memory is found by way of this process. A caller takes results soon, if at all.
    for (int i = 0; i < 10'000 && blocks_.keeps(); ++i) ::usleep(100);
    set_status(WorkerStatus::retired);
    CONCURRENT_FUTURES_FAULT_POINT("worker.retired");
    leave_process(status);
  }
  /// To end a process that shares gibibytes with its caller takes the kernel milliseconds, maybe on the processor that
  /// the caller's threads need to see the last result. They come first.
  void let_result_arrive() const noexcept {
    if (os::most_kibibytes_used() < 64L << 10) return;
    for (int i = 0; i < 20; ++i) {
      const timespec moment{0, 100'000};
      ::nanosleep(&moment, nullptr);
      if (results_.all_taken()) return;
    }
  }

  void set_status(WorkerStatus status) noexcept {
    entry_.status.store(static_cast<std::uint32_t>(status), std::memory_order_release);
  }

  bool initialize(WorkerInitializer initializer) noexcept {
    if (initializer.run == nullptr) return true;
    set_status(WorkerStatus::initializing);
    CONCURRENT_FUTURES_FAULT_POINT("worker.initializer");
    ResultWriter writer(blocks_);
    try {
      initializer.run(initializer.argument);
      flush_output();
      return true;
    } catch (...) {
      pickle_exception(writer, std::current_exception());
    }
    flush_output();
    results_.publish(writer, initializer_call, 0, Outcome::exception);
    return false;
  }

  /// At an end in good order.
  void finish(const WorkerInitializer& initializer) noexcept {
    const auto attempt = [this](auto function) noexcept {
      try {
        function();
      } catch (...) {
        if (!results_.has_room()) results_.wait_for_room(budget_.nanoseconds());
        ResultWriter writer(blocks_);
        pickle_exception(writer, std::current_exception());
        results_.publish(writer, finalizer_call, 0, Outcome::exception);
      }
    };
    if (initializer.finish != nullptr) attempt([&] { initializer.finish(initializer.finish_argument); });
    locals_.destroy(attempt);
    flush_output();
  }

  /// Polls, then sleeps, until there is a call. no_call: it is time to leave.
  std::uint64_t next_call() noexcept {
    for (;;) {
      if (!results_.has_room()) results_.wait_for_room(budget_.nanoseconds());
      CONCURRENT_FUTURES_FAULT_POINT("worker.before_claim");
      if (entry_.leave.load(std::memory_order_relaxed) != 0) return no_call;
      std::uint64_t call = claim_call(segment_, index_);
      if (call == no_call) {
        set_status(WorkerStatus::polling);
        CONCURRENT_FUTURES_FAULT_POINT("worker.polling");
        Polling polling(budget_.nanoseconds());
        while ((call = claim_call(segment_, index_)) == no_call && !sleep_.told_to_leave() && polling.again()) {
        }
        if (call != no_call) budget_.paid();
      }
      if (call != no_call) {
        // Looked at again after the claim (layout.hpp says why): this call is then put back, since we end.
        if (is_told_to_leave(entry_)) return no_call;
        entry_.call.store(call, std::memory_order_relaxed);
        const auto busy = static_cast<std::uint32_t>(WorkerStatus::busy);
        if (entry_.status.load(std::memory_order_relaxed) != busy) set_status(WorkerStatus::busy);
        return call;
      }
      if (sleep_.told_to_leave() && !calls_wait(segment_)) return no_call;
      budget_.did_not_pay();
      blocks_.collect();
      blocks_.let_go();
      if (!sleep()) return no_call;
    }
  }

  /// False: idle for so long that the worker leaves.
  bool sleep() noexcept {
    restore_process();
    const std::int64_t idle = segment_.geometry().idle_nanoseconds;
    const auto start = std::chrono::steady_clock::now();
    const Deadline gone = idle == 0 ? (Deadline::max)() : start + std::chrono::nanoseconds(idle);
    Deadline tidy = start + std::chrono::seconds(1);  // large blocks are given back after a second of silence
    sleep_.lie_down();
    CONCURRENT_FUTURES_FAULT_POINT("worker.sleep");
    while (sleep_.may_sleep()) {
      if (sleep_.sleep(tidy < gone ? tidy : gone)) continue;
      if (std::chrono::steady_clock::now() >= gone) {
        sleep_.leave_sleepers();
        // The caller counts us in until it hears of our end; a call that arrives now is started anew then.
        return calls_wait(segment_);
      }
      if (tidy != (Deadline::max)()) blocks_.trim();
      tidy = (Deadline::max)();
    }
    sleep_.get_up();
    CONCURRENT_FUTURES_FAULT_POINT("worker.woken");
    return true;
  }

  /// False: the caller has taken the call back.
  bool run_call(std::uint64_t call) noexcept {
    CallRecord& record = segment_.record(record_of(call));
    entry_.phase.store(static_cast<std::uint32_t>(pickle::Phase::none), std::memory_order_relaxed);
    CONCURRENT_FUTURES_FAULT_POINT("worker.claimed");
    const std::uint32_t flags = record.flags.load(std::memory_order_relaxed);
    if ((flags & (CallRecord::timed | CallRecord::traced)) != 0) [[unlikely]] {
      const auto now = static_cast<std::uint64_t>(monotonic_nanoseconds());
      entry_.started_at.store(now, std::memory_order_relaxed);
      record.started_at.store(now, std::memory_order_relaxed);
    }
    if (!begin_call(record, call, index_)) return false;
    CONCURRENT_FUTURES_FAULT_POINT("worker.started");
    ResultWriter writer(blocks_);
    alignas(cache_line) std::byte short_call[CallRecord::inline_capacity];
    const auto bytes = [&] {
      CONCURRENT_FUTURES_FAULT_POINT("worker.running");
      return checked_call(segment_, record, short_call);
    };
    const Outcome outcome = run_one_call(bytes, writer, entry_.phase);
    if (!fork_guard_.is_owner())
      ::_exit(0);  // a child that the task forked came back here: the result is its parent's to give
    flush_output();
    floating_point_.restore();
    if ((flags & CallRecord::traced) != 0) [[unlikely]]
      record.ended_at.store(static_cast<std::uint64_t>(monotonic_nanoseconds()), std::memory_order_relaxed);
    CONCURRENT_FUTURES_FAULT_POINT("worker.result_written");
    results_.publish(writer, call, record.nonce, outcome);
    return true;
  }

  /// Before a sleep, where a system call costs nothing: unblocks what a task may have left blocked, and ties this
  /// process to its parent again, which a task that changed its user has undone.
  void restore_process() const noexcept {
    block_only(0);
    os::end_with_parent();
    if (::getppid() != parent_) ::_exit(0);
  }

  Segment& segment_;
  WorkerEntry& entry_;
  const std::uint32_t index_;
  WorkerSleep sleep_;
  ResultSender results_;
  ResultBlocks blocks_;
  SpinBudget budget_;
  std::uint64_t tasks_left_;
  WorkerLocals locals_;
  ForkGuard fork_guard_;
  const pid_t parent_ = ::getppid();
  FloatingPointState floating_point_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
