// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/at_exit.hpp>
#include <concurrent/futures/detail/process_pool/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>
#include <concurrent/os/pages.hpp>
#include <concurrent/os/random.hpp>
#include <concurrent/pickle/detail/golden_ratio.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstring>
#include <stdexcept>

namespace concurrent::futures::inline v0 {
namespace detail {

inline std::atomic<std::uint64_t>& next_pool_id() noexcept {
  static std::atomic<std::uint64_t> id{1};
  return id;
}
/// Numbers the workers of this process as Python does: across all executors.
inline std::atomic<std::uint32_t>& next_process_number() noexcept {
  static std::atomic<std::uint32_t> number{1};
  return number;
}

inline void run_inherited_initializer(const void* initializer) { (*static_cast<const Initializer*>(initializer))(); }

CONCURRENT_FUTURES_INLINE ProcessPool* ProcessPool::make(ProcessPoolOptions options) {
  const auto refuse = [](const char* name, long long value, const char* right) {
    throw std::invalid_argument("concurrent::futures: " + std::string(name) + " is " + std::to_string(value) +
                                ". It must be " + right + ".");
  };
  if (options.max_workers && *options.max_workers <= 0) {
    refuse("max_workers", *options.max_workers, "greater than 0; leave it out for one worker a processor");
  }
  if (options.max_workers && *options.max_workers > 60'000)
    refuse("max_workers", *options.max_workers, "at most 60000");
  if (options.max_tasks_per_child && *options.max_tasks_per_child <= 0) {
    refuse("max_tasks_per_child", *options.max_tasks_per_child, "greater than 0; leave it out for no limit");
  }
  if (options.extra_queued_calls < 0) refuse("extra_queued_calls", options.extra_queued_calls, "0 or more");
  if (options.extra_queued_calls > 1'000'000)
    refuse("extra_queued_calls", options.extra_queued_calls, "at most 1000000");
  if (options.idle_timeout && options.idle_timeout->count() <= 0) {
    refuse("idle_timeout", options.idle_timeout->count(), "greater than 0 nanoseconds; leave it out for none");
  }
  if (options.restart_limit.period.count() < 0) {
    refuse("restart_limit.period", options.restart_limit.period.count(), "0 ns or more");
  }
  if (options.max_pending == std::size_t{0}) refuse("max_pending", 0, "greater than 0; leave it out for no limit");
  if (options.restart_limit.count < 0) refuse("restart_limit.count", options.restart_limit.count, "0 or more");
  return new ProcessPool(std::move(options));
}

/// Where the system has no chance to give, one that differs from run to run and from pool to pool.
inline std::uint64_t random_nonce_seed() noexcept {
  std::uint64_t seed = 0;
  if (!os::draw_random(&seed, sizeof seed, false))
    seed = static_cast<std::uint64_t>(ipc::monotonic_nanoseconds()) * pickle::detail::golden_ratio;
  return seed;
}

inline ProcessPool::ProcessPool(ProcessPoolOptions options)
    : options_(std::move(options)),
      lifecycle_(admission_),
      ledger_(random_nonce_seed()),
      pending_limit_(options_.max_pending),
      manager_(options_.restart_limit) {
  limits_.most = options_.max_workers ? *options_.max_workers : multiprocessing::usable_cpu_count();
  limits_.now.store(limits_.most, std::memory_order_relaxed);
  id_ = next_pool_id().fetch_add(1);
}

CONCURRENT_FUTURES_INLINE void ProcessPool::destroy() noexcept {
  // Only where nobody could join them: the last reference was given up by one of them.
  threads_.detach();
  delete this;
}

CONCURRENT_FUTURES_INLINE void ProcessPool::start() {
  const auto method = options_.mp_context.method();
  if (method != ipc::StartMethod::fork && !ipc::freeze_support_was_called()) {
    throw RuntimeError("concurrent::futures: the start method \"" + options_.mp_context.get_start_method() +
                       "\" starts this program again, which needs freeze_support. Make this the first line of main:\n"
                       "    concurrent::multiprocessing::freeze_support(argc, argv);");
  }
  const int first = max_workers();
  const int most = most_for(first);
  ipc::SegmentGeometry geometry;
  geometry.ring_capacity = first <= 8 ? 64 : first <= 64 ? 32 : 8;
  geometry.queue_capacity = static_cast<std::uint32_t>(queued_calls(most));
  geometry.workers = slots_for(most);
  geometry.records = records_for(most, geometry.ring_capacity);
  geometry.first_workers = slots_for(first);
  geometry.first_records = records_for(first, geometry.ring_capacity);
  const auto processors = static_cast<std::size_t>(multiprocessing::usable_cpu_count());
  const bool one_processor = processors == 1;
  geometry.spin_nanoseconds = one_processor ? 0 : options_.spin.limit().count();
  geometry.tasks_per_worker = static_cast<std::uint64_t>(options_.max_tasks_per_child.value_or(0));
  geometry.idle_nanoseconds = options_.idle_timeout ? options_.idle_timeout->count() : 0;
  rights_.begin();
  segment_ = ipc::Segment::create(geometry);
  if (segment_.geometry().workers == geometry.workers) limits_.most = most;
  blocks_ = pickle::detail::UniquePointer<ArgumentBlocks>::make(segment_.caller_region());
  poll_budget_.open(geometry.spin_nanoseconds, processors);
  wakeups_.open(segment_.caller());
  manager_.stalls.open(geometry.workers);
  helper_.open(geometry.workers);
  results_.open(segment_);
  {
    const ipc::MutexLock lock(mutex_);
    calls_.open(segment_);
    calls_.set_limit(queued_calls(first));
    ledger_.grow(geometry.first_records);
    workers_.open(geometry.first_workers, geometry.workers);
  }

  ipc::WorkerInitializer initializer;
  initializer.argument = &options_.initializer;
  initializer.finish_argument = &options_.finalizer;
  if (options_.initializer) initializer.run = &run_inherited_initializer;
  if (options_.finalizer) initializer.finish = &run_inherited_initializer;
  if (method != ipc::StartMethod::fork) {
    if (options_.initializer) {
      const auto [offset, size] = pickle_for_images(options_.initializer);
      segment_.set_initializer(offset, size);
    }
    if (options_.finalizer) {
      const auto [offset, size] = pickle_for_images(options_.finalizer);
      segment_.set_finalizer(offset, size);
    }
  }
  helper_.process().start(segment_, method, initializer, id_);
  segment_.close_descriptor();
  // Whoever else forks from here on, a second executor or the program itself, does not get this memory.
  os::keep_from_forks(segment_.base(), segment_.geometry().size);
  try {
    const ipc::BlockSignals no_handlers;
    start_thread(threads_.monitor, &ProcessPool::watch_helper);
    start_thread(threads_.manager, &ProcessPool::manage);
  } catch (...) {
    helper_.quit();
    if (threads_.monitor.joinable()) {
      threads_.monitor.join();  // it reaps the helper
    } else {
      helper_.process().reap();
    }
    throw;
  }
  late_start_.started = true;
}

/// With a reference that it gives up at its end. Throws std::system_error that says what is short.
inline void ProcessPool::start_thread(std::thread& thread, void (ProcessPool::*run)()) {
  add_reference();
  try {
    thread = std::thread([this, run] { (this->*run)(); });
  } catch (const std::system_error& error) {
    release();
    ipc::throw_errno(error.code().value(), "pthread_create for a thread of the executor");
  } catch (...) {
    release();
    throw;
  }
}

/// Writes a call of each worker's own for fresh images; where it lies in the segment, and its size.
inline std::pair<std::uint64_t, std::uint64_t> ProcessPool::pickle_for_images(const Initializer& call) {
  CallWriter writer(*blocks_);
  writer.set_audience(pickle::Audience::fresh_images);
  call.dump(writer);
  auto block = writer.take_block();
  if (block.address == nullptr) {
    block = blocks_->allocate(writer.size());
    if (block.address == nullptr) ipc::throw_errno(ENOMEM, "allocation of the initializer");
    std::memcpy(block.address, writer.data(), writer.size());
  }
  return {segment_.offset_of(block.address), writer.size()};
}

/// On demand: as many workers as there are calls without a result, up to max_workers.
inline void ProcessPool::start_workers() {
  if (ledger_.outstanding() <= workers_.accepting()) return;
  const auto wanted =
      static_cast<std::uint32_t>(std::min<std::size_t>(ledger_.outstanding(), static_cast<std::size_t>(max_workers())));
  while (workers_.accepting() < wanted && start_worker()) {
  }
}

inline bool ProcessPool::start_worker() {
  if (!lifecycle_.may_start_workers() || start_backoff_.waits() ||
      !workers_.has_room_below(static_cast<std::uint32_t>(max_workers())))
    return false;
  for (std::uint32_t index = 0; index < workers_.room(); ++index) {
    // Where a large result is still being read, a new worker would write over it.
    if (workers_.is_occupied(index) || results_.is_read(index)) continue;
    const WorkerSlot& slot =
        workers_.occupy(index, next_process_number().fetch_add(1), std::chrono::steady_clock::now());
    ipc::WorkerEntry& entry = segment_.worker(index);
    entry.status.store(static_cast<std::uint32_t>(ipc::WorkerStatus::starting));
    entry.phase.store(0);
    entry.call.store(ipc::no_call);
    entry.started_at.store(0);
    entry.wake.store(0);
    entry.waits_for_room.store(0);
    entry.leave.store(0);
    segment_.caller().stopping.store(0);  // it is never set while workers are started, but by a rogue one
    results_.begin(index);
    ++counts_.workers_started;
    helper_.start_worker(index, slot.serial, slot.name);
    return true;
  }
  return false;
}

CONCURRENT_FUTURES_INLINE void ProcessPool::start_later(const std::shared_ptr<Drainable>& share) {
  late_start_.share = share;
  admission_.put_off();
}

/// At the first use of one that was made while variables were being set up. Throws: as start().
inline void ProcessPool::start_now() {
  const ipc::MutexLock lock(late_start_.mutex);
  if (!admission_.awaits_start()) return;
  fork_guard_.take_over();
  admission_.begin_start();
  try {
    start();
  } catch (...) {
    admission_.fail_start();
    throw;
  }
  if (const auto share = late_start_.share.lock()) ExitRegistry::instance().add(share);
  admission_.finish_start();
}

CONCURRENT_FUTURES_INLINE void ProcessPool::warm_up(int workers) {
  if (admission_.is_unstarted()) start_now();
  const ipc::MutexLock lock(mutex_);
  const auto wanted = static_cast<std::uint32_t>((std::min)((std::max)(workers, 0), max_workers()));
  while (workers_.accepting() < wanted && start_worker()) {
  }
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
