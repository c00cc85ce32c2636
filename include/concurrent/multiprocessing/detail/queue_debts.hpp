// SPDX-License-Identifier: BSL-1.0
// What was taken from a Queue and is not done: each holder's account of the items for which it owes a task_done. The
// account of one that has died counts no more, nor does who gets its number next inherit it: a life stands beside it.
#pragma once

#include <concurrent/multiprocessing/detail/holder_table.hpp>
#include <concurrent/multiprocessing/detail/queue_words.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Looks at a queue's memory, which lives longer.
class QueueDebts {
 public:
  explicit QueueDebts(const SharedRecord<QueueWords>& state) noexcept
      : words_(state.record()), holders_(state.holders()) {}

  /// `more`: 1, or -1 for one that was not taken after all.
  void owe(HolderId self, int more) const noexcept;
  /// Pays for one of one's own, or of somebody else's. False: nobody owes one.
  bool pay_one(HolderId self) const noexcept;
  bool are_paid() const noexcept;

 private:
  bool pay(std::atomic<std::uint64_t>& cell) const noexcept;

  QueueWords& words_;
  const HolderTable& holders_;
};

inline void QueueDebts::owe(HolderId self, int more) const noexcept {
  const std::uint64_t name = HolderTable::shorten(self);
  const std::uint64_t life = name >> 12U << 32U;
  std::atomic<std::uint64_t>& cell = words_.owed[name % HolderTable::slot_count];
  std::uint64_t seen = cell.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t count = seen >> 32U == life >> 32U ? seen & 0xffffffffU : 0;
    if (more < 0 && count == 0) return;
    const std::uint64_t then = life | (more < 0 ? count - 1 : count + 1);
    if (cell.compare_exchange_weak(seen, then, std::memory_order_seq_cst, std::memory_order_relaxed)) return;
  }
}

inline bool QueueDebts::pay(std::atomic<std::uint64_t>& cell) const noexcept {
  const auto slot = static_cast<std::uint64_t>(&cell - words_.owed);
  std::uint64_t seen = cell.load(std::memory_order_acquire);
  while ((seen & 0xffffffffU) != 0 && holders_.is_short_alive(slot | seen >> 32U << 12U)) {
    if (cell.compare_exchange_weak(seen, seen - 1, std::memory_order_seq_cst)) return true;
  }
  return false;
}

inline bool QueueDebts::pay_one(HolderId self) const noexcept {
  bool paid = pay(words_.owed[HolderTable::shorten(self) % HolderTable::slot_count]);
  for (std::uint32_t i = 0; i < HolderTable::slot_count && !paid; ++i) paid = pay(words_.owed[i]);
  return paid;
}

inline bool QueueDebts::are_paid() const noexcept {
  for (std::uint32_t i = 0; i < HolderTable::slot_count; ++i) {
    const std::uint64_t seen = words_.owed[i].load(std::memory_order_seq_cst);
    if ((seen & 0xffffffffU) != 0 && holders_.is_short_alive(i | seen >> 32U << 12U)) return false;
  }
  return true;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
