// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/policy/death_verdict.hpp>
#include <concurrent/futures/detail/policy/lifecycle.hpp>
#include <concurrent/futures/detail/policy/poll_budget.hpp>
#include <concurrent/futures/detail/policy/start_backoff.hpp>
#include <concurrent/futures/detail/policy/time_limit.hpp>
#include <concurrent/futures/detail/policy/timing.hpp>
#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/futures/detail/pool/pending_limit.hpp>
#include <concurrent/futures/detail/pool/pool_text.hpp>
#include <concurrent/futures/detail/process_pool/call_ledger.hpp>
#include <concurrent/futures/detail/process_pool/call_sender.hpp>
#include <concurrent/futures/detail/process_pool/call_writer.hpp>
#include <concurrent/futures/detail/process_pool/callback_queue.hpp>
#include <concurrent/futures/detail/process_pool/helper_link.hpp>
#include <concurrent/futures/detail/process_pool/manager_state.hpp>
#include <concurrent/futures/detail/process_pool/pool_threads.hpp>
#include <concurrent/futures/detail/process_pool/result_batch.hpp>
#include <concurrent/futures/detail/process_pool/wakeups.hpp>
#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/futures/detail/process_pool/worker_table.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/rights.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

/// Whether this process is a worker of that pool.
inline bool called_in_own_worker(std::uint64_t pool) noexcept {
  return multiprocessing::detail::process_identity().pool == pool;
}

struct WorkerDeath;

/// What is behind a ProcessPoolExecutor; it lives as long as the executor, its threads or one of its futures does.
///
/// Two threads of its own. The *monitor* reads what the helper reports and never runs anything else. The *manager*
/// resolves futures when no thread of the program does so while it waits or submits, runs all callbacks, watches time
/// limits, replaces workers, and winds the pool down. Both have all signals blocked.
///
/// Locks. `mutex_` is the pool's lock, and what it guards says so. It is never held while user code runs (pickling,
/// unpickling, callbacks, loggers), while a future is resolved, while a file is read, a symbol looked up or memory
/// given back to the system; a request to the helper is the one system call that is made under it, besides wake-ups.
/// Under it one of these may be taken, and no other after that: the argument blocks', the callback queue's, the helper
/// link's mailbox, the trace's. `late_start_.mutex`, under
/// which a pool is started, shut down and resized, comes before it.
class ProcessPool final : public FutureOwner {
 public:
  /// Throws std::invalid_argument, and std::system_error when the system refuses memory, a process or a thread.
  static ProcessPool* make(ProcessPoolOptions options);
  /// Makes its memory, its helper process and its threads. Apart from make(), so that whoever owns the pool knows it
  /// by then: a worker is a copy of this very moment.
  void start();
  bool started() const noexcept { return late_start_.started; }
  /// Before start(): where the system refuses the only worker, its calls fail with NoWorkerStarted, and the pool stays
  /// open for when it does no longer.
  void hand_calls_back() noexcept { limits_.hands_calls_back = true; }
  /// Instead of start(): at its first use, while variables are still being set up. `share` is then told to the end of
  /// the program.
  void start_later(const std::shared_ptr<Drainable>& share);

  // For the executor.
  /// One that has not been started has nothing yet that could be another process's.
  bool is_here() const noexcept { return fork_guard_.is_owner() || admission_.is_untouched(); }
  void check_open();
  bool is_limited() const noexcept { return options_.max_pending.has_value(); }
  bool reserve(Admission admission);
  void give_back_place() noexcept;
  ArgumentBlocks& blocks() noexcept { return *blocks_; }
  /// Of calls: the workers.
  pickle::Readers readers() const noexcept {
    if (context().method() != ipc::StartMethod::fork) return pickle::Audience::fresh_images;
    return {pickle::Audience::forks, helper_.pid()};
  }
  void submit(WorkItem& item, CallWriter& call);
  void count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept;
  void shutdown(bool cancel_futures);
  bool wait_until_ended(Deadline deadline);
  void warm_up(int workers);
  void stop_workers(int signal);
  void set_max_workers(int workers);
  CONCURRENT_FUTURES_INLINE static int most_for(int first_workers) noexcept;
  int max_workers() const noexcept { return limits_.now.load(std::memory_order_relaxed); }
  std::vector<pid_t> processes();
  std::size_t pending_work_items();
  PoolStatistics statistics();
  PoolSnapshot snapshot();
  void check_traceable();
  pickle::detail::UniquePointer<TraceSink> trace(pickle::detail::UniquePointer<TraceSink> sink);
  const multiprocessing::Context& context() const noexcept { return options_.mp_context; }

  // For futures.
  CONCURRENT_FUTURES_INLINE bool withdraw(OwnedCall& call) noexcept override;
  CONCURRENT_FUTURES_INLINE bool taken(const OwnedCall& call) noexcept override;
  CONCURRENT_FUTURES_INLINE bool stop(OwnedCall& call) noexcept override;
  CONCURRENT_FUTURES_INLINE bool ask_to_stop(OwnedCall& call) noexcept override;
  CONCURRENT_FUTURES_INLINE void read_progress(OwnedCall& call, std::uint64_t& done,
                                               std::uint64_t& total) noexcept override;
  CONCURRENT_FUTURES_INLINE bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old,
                                            Deadline deadline) override;
  CONCURRENT_FUTURES_INLINE bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                                      Deadline deadline) override;

 private:
  friend class ResultBlock;
  explicit ProcessPool(ProcessPoolOptions options);
  ~ProcessPool() = default;
  CONCURRENT_FUTURES_INLINE void destroy() noexcept override;

  // start.hpp: making it and its processes
  void start_thread(std::thread& thread, void (ProcessPool::*run)());
  void start_now();
  void check_rights();
  std::pair<std::uint64_t, std::uint64_t> pickle_for_images(const Initializer& call);
  void start_workers() CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool start_worker() CONCURRENT_FUTURES_REQUIRES(mutex_);

  // submit.hpp: towards the workers
  void feed_call_queue() CONCURRENT_FUTURES_REQUIRES(mutex_);
  void send(WorkItem& item, const std::byte* bytes) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void send_again(WorkItem& item) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void drop_call(WorkItem& item, const char* outcome = nullptr) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void take_off(WorkItem& item) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void take_unstarted(ItemList& items) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void cancel_all(ItemList& items) noexcept;

  [[noreturn]] void throw_closed() const CONCURRENT_FUTURES_REQUIRES(mutex_);

  // queue_limits.hpp: how much waits
  friend class PendingLimit;
  std::size_t waiting_calls() const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) { return ledger_.waiting(); }
  std::size_t queued_calls(int workers) const noexcept;
  bool is_closed() const noexcept { return admission_.is_closed(); }
  bool is_own_thread() const noexcept { return callbacks_.is_runner(); }
  void shut_down() noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void break_down(const std::string& reason) CONCURRENT_FUTURES_REQUIRES(mutex_);

  // resize.hpp: how many work
  std::uint32_t slots_for(int workers) const noexcept;
  std::uint32_t records_for(int workers, std::uint32_t ring_capacity) const noexcept;
  void make_room_for(int workers) CONCURRENT_FUTURES_EXCLUDES(mutex_);

  // results.hpp: from the workers
  void collect(ResultBatch& batch) CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool collect_from(std::uint32_t index, ResultBatch& batch) CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool match_call(std::uint32_t index, ReceivedResult& result) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void deliver(ResultBatch& batch);
  void deliver(ReceivedResult& result);
  bool pump_results();
  void finish_callbacks(CallbackList callbacks);
  void begin_delivery(std::size_t calls) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void end_delivery(std::size_t calls) noexcept;

  // waiting.hpp: what a thread does that waits
  void check_waiting() const;
  void hand_back_rings();
  void poll_after_callbacks(Deadline deadline);
  void sleep_manager(Deadline deadline);
  auto results_ready() const noexcept {
    return [this] { return results_.ready(); };
  }

  // manager.hpp: the manager's thread
  void wake_manager() noexcept { wakeups_.wake_manager(); }
  void manage();
  void watch_helper();
  std::int64_t spin_limit() const noexcept { return segment_.geometry().spin_nanoseconds; }
  void run_callbacks();
  bool beat_until_report();
  void begin_to_beat() CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool wind_down();

  // timers.hpp: what it does by the clock
  Deadline next_look();
  Deadline pace(Deadline now);
  Deadline run_timers(Deadline now, DueWork& todo) CONCURRENT_FUTURES_REQUIRES(mutex_);
  Deadline check_time_limits(Deadline now) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void note_held_calls() CONCURRENT_FUTURES_REQUIRES(mutex_);
  void rescue_waiting_calls(const StallDetector::Check& todo, Deadline now);

  // helper_reports.hpp: what the helper tells
  void take_reports();
  void worker_started(const ipc::ZygoteReport& report);
  void worker_start_failed(const ipc::ZygoteReport& report);
  void helper_ended(int status);

  // deaths.hpp: when a worker ends
  bool has_left(std::uint32_t index) const noexcept;
  void look_after_calls(ItemList& lost) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void fail_lost_calls(ItemList& lost);
  void worker_ended(const ipc::ZygoteReport& report);
  void collect_all(std::uint32_t index);
  void vacate_slot(std::uint32_t index) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void give_back_region(std::uint32_t index);
  DeathFacts facts_of(std::uint32_t index, const WorkerDeath& death, const WorkItem* item) const noexcept
      CONCURRENT_FUTURES_REQUIRES(mutex_);
  void fail_call(WorkItem& item, const WorkerDeath& death);
  void fail(WorkItem& item, std::exception_ptr exception) noexcept;
  bool more_oom_kills();
  std::string describe(const WorkItem& item) noexcept;
  std::string worker_label(std::uint32_t name, pid_t pid) const;

  // break.hpp: when it ends before its time
  void break_pool(const std::string& reason);
  void signal_worker(std::uint32_t index, int signal) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void tell_to_leave(std::uint32_t index) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool stop_task(const WorkItem& item) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool stop(WorkItem& item, OnStop how) noexcept;
  void count_cancelled(int more) noexcept;
  CallbackList finish_cancelled(FutureStateBase& state) noexcept;

  // trace.hpp: what the trace is told
  void trace_worker(const WorkerSlot& slot) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  std::string label_for_trace(const WorkItem& item, const CallWriter& call) const noexcept;
  void trace_submit(WorkItem& item, std::string label) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void trace_end(const WorkItem& item, const char* outcome, bool again) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void flush_trace(bool ends);

  // Constant from the start on, or to be read and written without a lock.
  ProcessPoolOptions options_;
  std::uint64_t id_ = 0;
  WorkerLimits limits_;
  ipc::ForkGuard fork_guard_;
  ipc::Segment segment_;
  pickle::detail::UniquePointer<ArgumentBlocks> blocks_;  // has a lock of its own
  ipc::RightsWatch rights_;
  PoolAdmission admission_;
  PoolThreads threads_;
  LateStart late_start_;
  HelperLink helper_;
  CallbackQueue callbacks_;
  Wakeups wakeups_;
  PollBudget poll_budget_;
  Outcomes outcomes_;

  ipc::Mutex mutex_;  // guards what says so below, and with the exceptions that it names, `results_`
  PoolLifecycle lifecycle_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  CallLedger ledger_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  CallSender calls_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  WorkerTable workers_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  ResultReceiver results_;
  StartBackoff start_backoff_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  Heartbeat heartbeat_;
  PendingLimit pending_limit_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  PoolStatistics counts_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  pickle::detail::UniquePointer<TraceSink> trace_;  // constant once it is there; has a lock of its own
  bool manager_will_wake_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;  // by itself, within 50 ms
  Deadline forced_kill_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = (Deadline::max)();
  ManagerState manager_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
