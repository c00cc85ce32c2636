// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/detail/pool/pool_future_state.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/process_pool/result_receiver.impl.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/detail/exception_text.hpp>
#include <concurrent/pickle/exception.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Takes results off the rings, as many as there is room for in `batch`. Their records and arguments are free again.
inline void ProcessPool::collect(ResultBatch& batch) {
  for (std::uint32_t i = 0; i < workers_.size() && batch.size < ResultBatch::capacity; ++i) {
    if (workers_.is_occupied(i)) collect_from(i, batch);
  }
  begin_delivery(batch.size);
}

/// True: there may be more.
inline bool ProcessPool::collect_from(std::uint32_t index, ResultBatch& batch) {
  WorkerSlot& slot = workers_[index];
  const std::uint64_t before = slot.tasks;
  while (batch.size != ResultBatch::capacity) {
    ReceivedResult& result = batch.items[batch.size];
    const ResultReceiver::Take taken = results_.take(index, result);
    if (taken == ResultReceiver::Take::none) break;
    const bool is_whole = taken == ResultReceiver::Take::item;
    if (!is_whole || !match_call(index, result)) {  // it cannot be: the worker is not listened to any more, and ended
      if (is_whole) results_.give_back(index, result);
      results_.distrust(index);
      signal_worker(index, SIGKILL);
      break;
    }
    ++batch.size;
    ++slot.tasks;
  }
  const bool more = batch.size == ResultBatch::capacity && results_.ready(index);
  if (slot.tasks == before) return more;
  results_.tell_worker(index);
  const std::uint64_t limit = segment_.geometry().tasks_per_worker;
  if (limit != 0 && slot.tasks >= limit) workers_.retire(index);  // it leaves: somebody else is needed from now on
  return more;
}

/// Finds the call that a result answers, and frees it. False: there is none that it can be.
inline bool ProcessPool::match_call(std::uint32_t index, ReceivedResult& result) {
  const WorkerSlot& slot = workers_[index];
  result.item = nullptr;
  result.slot = index;
  result.pid = slot.pid != 0 ? slot.pid : segment_.worker(index).pid.load(std::memory_order_relaxed);
  result.name = slot.name;
  if (result.of_finalizer()) return true;
  if (result.of_initializer()) return options_.initializer && slot.tasks == 0;  // only before any call
  WorkItem* const item = ledger_.match(result.call, result.nonce);
  if (item == nullptr) return false;
  const CallState state = calls_.look(*item);
  if (!state.is_started() || state.worker != index) return false;
  result.item = item;
  result.cancelled = item->stopped_by_user;
  counts_.bytes_from_workers += result.size;
  if (result.outcome == ipc::Outcome::value) {
    drop_call(*item, "result");
  } else {  // its text will say what the call was: that takes its time, and comes without the lock
    item->location = CallLocation::settling;
    if (item->traced) [[unlikely]]
      trace_end(*item, "exception", false);
    item->traced = false;
  }
  return true;
}

CONCURRENT_FUTURES_INLINE CallbackList WorkItem::load_exception(pickle::Reader& reader, std::string worker_name,
                                                                pid_t pid, std::string task) {
  return state().finish_with_exception(pickle::load_exception(reader, std::move(worker_name), pid, std::move(task)));
}

inline void ProcessPool::deliver(ResultBatch& batch) {
  if (batch.size == 0) return;
  CONCURRENT_FUTURES_FAULT_POINT("caller.collected");
  for (std::size_t i = 0; i < batch.size; ++i) deliver(batch.items[i]);
  CONCURRENT_FUTURES_FAULT_POINT("caller.resolved");
  end_delivery(static_cast<std::uint32_t>(batch.size));
  batch.size = 0;
}

/// A block that is read later than in deliver(), and by whom that is done.
class ResultBlock::Kept {
 public:
  Kept(ProcessPool& pool, const ReceivedResult& result) noexcept
      : pool_(&pool), slot_(result.slot), block_(result.block), size_(result.size) {
    pool.add_reference();
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    pool_->results_.release_kept(size_);
    pool_->results_.give_back(slot_, block_);
    pool_->release();
  }

 private:
  ProcessPool* pool_;
  std::uint32_t slot_;
  const std::byte* block_;
  std::uint64_t size_;
};

CONCURRENT_FUTURES_INLINE std::shared_ptr<const std::byte[]> ResultBlock::keep(const std::byte* first) {
  if (!pool_->results_.reserve_kept(result_->slot, result_->size)) return nullptr;
  std::shared_ptr<Kept> kept;
  try {
    kept = std::make_shared<Kept>(*pool_, *result_);
  } catch (...) {
    pool_->results_.release_kept(result_->size);
    throw;
  }
  result_->block = nullptr;  // deliver() gives it back no more
  return {std::move(kept), first};
}

/// Unpickles a result into its future. Without the lock: this is where a program's own types are made.
inline void ProcessPool::deliver(ReceivedResult& result) {
  CallbackList callbacks;
  const std::span<const std::byte> bytes = result.content();
  pickle::Reader reader(bytes);
  const bool is_value = result.outcome == ipc::Outcome::value;
  const auto name = [&] { return ipc::worker_name(options_.mp_context.method(), result.name); };
  if (result.item == nullptr) {
    // The initializer's exception, and the death that follows breaks the pool; or the finalizer's.
    std::string text;
    try {
      const auto exception = pickle::load_exception(reader);
      text = pickle::exception_type_name(exception) + ": ";
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      text += pickle::detail::text_of(error);
    } catch (...) {
      text += "something that is no std::exception";
    }
    if (result.of_finalizer()) {
      log_message(LogLevel::warning,
                  "concurrent::futures: the finalizer, or the destructor of a worker_local, threw in " +
                      worker_label(result.name, result.pid) + ": " + text);
    } else {
      const ipc::MutexLock lock(mutex_);
      lifecycle_.note_initializer_failure(text);
    }
  } else {
    FutureStateBase& state = result.item->state();
    const auto kept = std::move(result.item->kept);  // let go of when the result, which may mean the same, is loaded
    std::string task;
    if (!is_value) {
      task = describe(*result.item);
      bool stop_requested = false;
      {
        const ipc::MutexLock lock(mutex_);
        result.cancelled = result.item->stopped_by_user;
        stop_requested = result.item->stop_requested;
        drop_call(*result.item);
        feed_call_queue();
      }
      if (stop_requested && !result.cancelled) {
        result.cancelled = is_cancellation([&bytes] {
          pickle::Reader copy(bytes);
          return pickle::load_exception(copy);
        });
      }
    }
    if (result.cancelled) {
      callbacks = finish_cancelled(state);
    } else {
      std::atomic<std::uint64_t>* count = is_value ? &outcomes_.completed : &outcomes_.failed;
      count->fetch_add(1, std::memory_order_relaxed);
      try {
        if (!is_value) {
          callbacks = result.item->load_exception(reader, name(), result.pid, std::move(task));
        } else if (result.block == nullptr) {
          callbacks = result.item->load(reader);
        } else {
          ResultBlock block(*this, result);
          callbacks = result.item->load_block(reader, block);
        }
      } catch (...) {
        if (is_value) {
          outcomes_.completed.fetch_sub(1, std::memory_order_relaxed);
          outcomes_.failed.fetch_add(1, std::memory_order_relaxed);
          count = &outcomes_.failed;
        }
        callbacks = state.finish_with_exception(std::current_exception());
      }
      if (was_cancelled(state)) count->fetch_sub(1, std::memory_order_relaxed);
    }
  }
  results_.give_back(result.slot, result);
  if (result.item != nullptr) {
    finish_callbacks(std::move(callbacks));
    result.item->state().release();
  }
}

/// With the lock: so many calls are the pool's no more, and their futures have yet to hear of it.
inline void ProcessPool::begin_delivery(std::size_t calls) noexcept {
  outcomes_.on_their_way.fetch_add(static_cast<std::uint32_t>(calls), std::memory_order_relaxed);
}
/// They have, and what they called back is with the manager. Without the lock.
inline void ProcessPool::end_delivery(std::size_t calls) noexcept {
  const auto delivered = static_cast<std::uint32_t>(calls);
  if (outcomes_.on_their_way.fetch_sub(delivered, std::memory_order_acq_rel) == delivered && admission_.is_closed())
    wake_manager();  // a shutdown may wait for this
}

/// See CallbackQueue. Also in the manager's thread they come later: one that waits for another call of this pool must
/// not find that call's result in a batch that is just being delivered further down its own stack.
inline void ProcessPool::finish_callbacks(CallbackList callbacks) {
  if (callbacks.empty()) return;
  if (is_limited()) {
    const ipc::MutexLock lock(mutex_);
    pending_limit_.leave_callbacks();
  }
  if (callbacks_.push(callbacks)) {
    if (!callbacks_.is_runner()) wake_manager();
    return;
  }
  callbacks.run();  // there is no memory to leave them to it: here, then
  if (!is_limited()) return;
  const ipc::MutexLock lock(mutex_);
  pending_limit_.callbacks_returned(*this);
}

/// One round of the work between the rings and the queue. True: there was something.
inline bool ProcessPool::pump_results() {
  if (!results_.ready()) return false;
  ResultBatch batch;
  {
    const ipc::MutexLock lock(mutex_);
    collect(batch);
    if (batch.size != 0) wakeups_.note_progress();
    feed_call_queue();
  }
  const bool any = batch.size != 0;
  deliver(batch);
  return any;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
