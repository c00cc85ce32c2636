// SPDX-License-Identifier: BSL-1.0
// The worker's end of its result ring. The caller's is ResultReceiver, of the pool; layout.hpp has the words between.
#pragma once

#include <concurrent/multiprocessing/detail/caller_words.hpp>
#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/message_checksum.hpp>
#include <concurrent/multiprocessing/detail/result_writer.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class ResultSender {
 public:
  ResultSender(Segment& segment, std::uint32_t index) noexcept
      : segment_(segment), entry_(segment.worker(index)), index_(index), position_(entry_.first_position) {}

  /// Looks at `consumed`, whose cache line the caller writes to for each of our results, only when what was seen there
  /// last is not enough.
  bool has_room(std::memory_order order = std::memory_order_acquire) noexcept {
    const std::uint32_t capacity = segment_.geometry().ring_capacity;
    if (position_ - consumed_ >= capacity) consumed_ = entry_.consumed.load(order);
    return position_ - consumed_ < capacity;
  }
  /// The caller has not looked at our results for long: wait for it before taking another call.
  ///
  /// Here `waits_for_room` is written and then `consumed` read, there the other way round, all of it sequentially
  /// consistent, so that one of the two sees what the other has written.
  void wait_for_room(std::int64_t spin_nanoseconds) noexcept {
    CONCURRENT_FUTURES_FAULT_POINT("worker.waits_for_room");
    notify_caller(segment_.caller());
    for (Polling polling(spin_nanoseconds); !has_room() && polling.again();) {
    }
    while (!has_room()) {
      entry_.wake.store(1, std::memory_order_relaxed);
      entry_.waits_for_room.store(1, std::memory_order_seq_cst);
      if (!has_room(std::memory_order_seq_cst))
        futex_wait(entry_.wake, 1, std::chrono::steady_clock::now() + std::chrono::seconds(1), true);
      entry_.waits_for_room.store(0, std::memory_order_relaxed);
      entry_.wake.store(0, std::memory_order_relaxed);
    }
  }
  /// Whether the caller has taken all that was published.
  bool all_taken() const noexcept { return entry_.consumed.load(std::memory_order_relaxed) == position_; }

  void publish(ResultWriter& writer, std::uint64_t call, std::uint64_t nonce, Outcome outcome) noexcept {
    ResultEntry& entry = segment_.result(index_, position_);
    entry.call = call;
    entry.nonce = nonce;
    entry.size = writer.size();
    entry.outcome = static_cast<std::uint32_t>(outcome);
    const std::uint64_t offset = writer.publish(segment_, entry);
    entry.offset = offset;
    entry.checksum =
        checksum_of_result(call, nonce, writer.size(), offset, static_cast<std::uint32_t>(outcome), writer.data());
    CONCURRENT_FUTURES_FAULT_POINT("worker.before_commit");
    entry.commit.store(++position_, std::memory_order_seq_cst);
    CONCURRENT_FUTURES_FAULT_POINT("worker.committed");
    notify_caller(segment_.caller());
    CONCURRENT_FUTURES_FAULT_POINT("worker.notified");
  }

 private:
  Segment& segment_;
  WorkerEntry& entry_;
  const std::uint32_t index_;
  std::uint64_t position_;
  std::uint64_t consumed_ = position_;  // so far the caller had come when we last looked
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
