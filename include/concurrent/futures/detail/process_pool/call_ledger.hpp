// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/pickle/detail/golden_ratio.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The calls that are not done, and where each of them is. Belongs to the pool's lock.
///
/// From add() to close() a call is *outstanding*, and in one place: it waits here, it has been sent (its record, which
/// it keeps from give_record() to take_record(), lies before the workers), or it is being settled: no worker has it any
/// more. Only what waits can be without a record; only what has one is `timed`.
class CallLedger {
 public:
  explicit CallLedger(std::uint64_t nonce_seed) noexcept : nonce_seed_(nonce_seed) {}

  /// Before any call, and when there are more records than before. Throws std::bad_alloc, and nothing has happened
  /// then; of the rest of what is here only enter() does.
  void grow(std::uint32_t records) {
    timed_.reserve(records);
    free_records_.reserve(records);
    by_record_.reserve(records);
    for (auto record = records; record-- > by_record_.size();) free_records_.push_back(record);
    while (by_record_.size() < records) by_record_.push_back(nullptr);
  }

  std::size_t outstanding() const noexcept { return outstanding_; }
  /// Before a call is added; see PriorityList. Throws std::bad_alloc; nothing has happened then.
  void enter(const WorkItem& item) { waiting_.enter(item); }
  void add(WorkItem&) noexcept { ++outstanding_; }
  /// It has no record and does not wait: the pool has done with it, but for publishing its outcome.
  void close(WorkItem& item) noexcept {
    waiting_.leave(item);
    item.location = CallLocation::gone;
    --outstanding_;
  }

  // ---- what waits for its turn, in that order
  bool any_waits() const noexcept { return !waiting_.empty(); }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  WorkItem* first_waiting() const noexcept { return waiting_.front(); }
  void keep_waiting(WorkItem& item) noexcept {
    waiting_.push_back(item);
    item.location = CallLocation::waiting;
  }
  /// It has been sent, and is the next to be sent again.
  void put_back(WorkItem& item) noexcept {
    waiting_.push_front(item);
    item.location = CallLocation::waiting;
  }
  void stop_waiting(WorkItem& item) noexcept {
    waiting_.remove(item);
    item.location = CallLocation::none;
  }

  // ---- what has been sent
  bool has_free_record() const noexcept { return !free_records_.empty(); }
  void give_record(WorkItem& item) noexcept {
    item.record = free_records_.back();
    free_records_.pop_back();
    by_record_[item.record] = &item;
    item.has_record = true;
    if (item.is_timed()) timed_.push_back(&item);
  }
  void take_record(WorkItem& item) noexcept {
    by_record_[item.record] = nullptr;
    free_records_.push_back(item.record);
    item.has_record = false;
    if (!item.is_timed()) return;
    for (WorkItem*& timed : timed_) {
      if (timed != &item) continue;
      timed = timed_.back();
      timed_.pop_back();
      return;
    }
  }
  /// It is about to be sent: what its result has to repeat, which nobody can know from another call's.
  std::uint64_t mark_sent(WorkItem& item) noexcept {
    item.location = CallLocation::sent;
    item.nonce = (nonce_seed_ ^ ++nonces_) * pickle::detail::golden_ratio;
    item.nonce ^= std::rotr(item.nonce, 29);
    return item.nonce;
  }
  /// The call that a result answers; null: there is none that it can be.
  WorkItem* match(std::uint64_t call, std::uint64_t nonce) const noexcept {
    const std::uint32_t record = multiprocessing::detail::record_of(call);
    WorkItem* const item = record < by_record_.size() ? by_record_[record] : nullptr;
    if (item == nullptr || item->location != CallLocation::sent || item->nonce != nonce) return nullptr;
    const std::uint64_t ticket = item->ticket & multiprocessing::detail::ticket_mask;
    return ticket == multiprocessing::detail::ticket_of(call) ? item : nullptr;
  }
  /// Calls visit(item) for each that has been sent; it may do what it likes with that one.
  template <class Visit>
  void for_each_sent(Visit&& visit) {
    for (WorkItem* const item : by_record_) {
      if (item != nullptr && item->location == CallLocation::sent) visit(*item);
    }
  }
  /// Those with a record and a time limit.
  const multiprocessing::detail::PlainVector<WorkItem*>& timed() const noexcept { return timed_; }

 private:
  multiprocessing::detail::PlainVector<WorkItem*> by_record_;  // null: the record is free
  multiprocessing::detail::PlainVector<std::uint32_t> free_records_;
  multiprocessing::detail::PlainVector<WorkItem*> timed_;
  WaitingItems waiting_;
  std::size_t outstanding_ = 0;
  std::uint64_t nonce_seed_;
  std::uint64_t nonces_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
