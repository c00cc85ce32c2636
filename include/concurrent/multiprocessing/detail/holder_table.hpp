// SPDX-License-Identifier: BSL-1.0
// Who holds something in shared memory, and whether that thread still lives.
//
// A holder is a thread. It has a slot in a table that everybody has mapped who has the lock, semaphore or barrier, and
// what it holds says so by the slot's number, the thread's id and how often the slot had been taken by then: a
// HolderId, which is never given twice. The kernel, and it alone, says that a holder has ended:
//
//   Slot::word   0              free
//                thread id      taken; written by the thread itself, by compare-and-swap from the two other states
//                OWNER_DIED     its thread has ended: written by the kernel when that happens, however it does
//                (SIGKILL,
//                               exit, exec, the end of the thread alone), because the word is on the list of robust
//                               futexes that each thread gives the kernel. One entry a thread and table, however much
//                               it holds: the kernel walks 2048 entries only.
//   Slot::life   how often it was taken; written by the thread that has taken it, after the word
//
// A thread that dies between taking the word and hanging it onto its list is covered by the list's `pending` field. One
// that is stopped between writing word and life makes the slot's former holder, if that had the same thread id, look
// alive until it goes on.
//
// So nobody is told of a death: those who wait look, every few milliseconds (`look_up_after`). That also finds what one
// who was killed between freeing something and waking others left undone.
//
// A forked child starts with an empty list and holds nothing: what it acquires, it acquires as a new holder.
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>
#include <concurrent/os/robust_list.hpp>
#include <concurrent/os/thread.hpp>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A thread at a time: slot (12 bits), thread id (22), life (26). 0: nobody. The four bits above are the user's.
using HolderId = std::uint64_t;
inline constexpr HolderId holder_bits = (HolderId(1) << 60U) - 1;

/// How long a waiter sleeps before it looks whether what it waits for died. Below the 5 ms within which what a dead
/// process held must be with the next; a waiter takes some 0.2 % of a processor for it.
inline constexpr std::chrono::milliseconds look_up_after{2};

inline Deadline next_look_up(Deadline deadline) noexcept {
  return (std::min)(deadline, std::chrono::steady_clock::now() + look_up_after);
}

class HolderTable {
 public:
  static constexpr std::uint32_t slot_count = 1U << 12U;
  static constexpr std::uint64_t life_bits = (1U << 26U) - 1;
  static constexpr std::size_t bytes = std::size_t(slot_count) * 64;

  /// The table of what this process and those that it forks make.
  /// Throws: std::system_error.
  static const SharedMemory& mine() {
    static const SharedMemory* const memory = new SharedMemory(bytes);  // never destroyed: locks may be globals
    return *memory;
  }

  explicit HolderTable(SharedMemory memory) noexcept
      : memory_(std::move(memory)), slots_(reinterpret_cast<Slot*>(memory_.bytes().data())) {}
  const SharedMemory& memory() const noexcept { return memory_; }

  /// The calling thread, which takes a slot when it asks for the first time.
  /// Throws: RuntimeError when all slots are taken, or the C library keeps no list of robust futexes.
  HolderId self() const {
    Enrolled& enrolled = enrolled_here();
    if (enrolled.forks != forks().load(std::memory_order_relaxed)) [[unlikely]]
      enrolled = Enrolled{forks().load(std::memory_order_relaxed), 0, {}, {}};
    for (std::uint32_t i = 0; i < enrolled.count; ++i) {
      if (enrolled.tables[i] == slots_) return enrolled.ids[i];
    }
    return enrol(enrolled);
  }

  bool is_alive(HolderId id) const noexcept {
    const Slot& slot = slots_[slot_of(id)];
    const std::uint32_t word = slot.word.load(std::memory_order_acquire);
    return (word & os::RobustList::owner_died) == 0 && (word & os::RobustList::thread_bits) == thread_of(id) &&
           slot.life.load(std::memory_order_acquire) == life_of(id);
  }

  /// A shorter name, for words that have other things to say: slot (12 bits) and life (26). Not 0 for a holder.
  static constexpr std::uint64_t short_bits = (std::uint64_t(1) << 38U) - 1;
  static std::uint64_t shorten(HolderId id) noexcept { return slot_of(id) | std::uint64_t(life_of(id)) << 12U; }
  bool is_short_alive(std::uint64_t id) const noexcept {
    const Slot& slot = slots_[id % slot_count];
    const std::uint32_t word = slot.word.load(std::memory_order_acquire);
    return (word & os::RobustList::owner_died) == 0 && (word & os::RobustList::thread_bits) != 0 &&
           slot.life.load(std::memory_order_acquire) == ((id >> 12U) & life_bits);
  }

  /// The process of a living holder; 0 if it is gone.
  pid_t process_of(HolderId id) const noexcept {
    const pid_t pid = slots_[slot_of(id)].pid.load(std::memory_order_relaxed);
    return is_alive(id) ? pid : 0;
  }

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint32_t> word;
    std::atomic<std::uint32_t> life;
    std::atomic<std::int32_t> pid;
    std::uint32_t reserved;
    // The node of the list lies where the kernel and the C library expect it: at the place that the list's head names.
    std::byte node[48];
  };
  static_assert(sizeof(Slot) == 64 && std::is_standard_layout_v<Slot>);

  /// What the calling thread has been given so far, in tables that it met. Those are never unmapped: the kernel walks
  /// their slots when the thread ends.
  struct Enrolled {
    std::uint32_t forks;
    std::uint32_t count;
    std::array<const Slot*, 8> tables;
    std::array<HolderId, 8> ids;
  };
  static Enrolled& enrolled_here() noexcept {
    static constinit thread_local Enrolled enrolled{};
    return enrolled;
  }
  static std::atomic<std::uint32_t>& forks() noexcept {
    static constinit std::atomic<std::uint32_t> count{0};
    return count;
  }

  static std::uint32_t slot_of(HolderId id) noexcept { return static_cast<std::uint32_t>(id % slot_count); }
  static std::uint32_t thread_of(HolderId id) noexcept { return static_cast<std::uint32_t>(id >> 12U) & 0x3fffffU; }
  static std::uint32_t life_of(HolderId id) noexcept { return static_cast<std::uint32_t>((id >> 34U) & life_bits); }

  HolderId name(const Slot& slot, std::uint32_t thread) const noexcept {
    return static_cast<HolderId>(&slot - slots_) | HolderId(thread & 0x3fffffU) << 12U |
           HolderId(slot.life.load(std::memory_order_relaxed)) << 34U;
  }
  HolderId enrol(Enrolled& enrolled) const;
  HolderId take_slot(os::RobustList& list, std::uint32_t thread) const noexcept;
  HolderId find_slot(const os::RobustList& list, std::uint32_t thread) const noexcept;

  SharedMemory memory_;
  Slot* slots_;
};

/// The slot that the thread has already, if it has one: it hangs on its list.
inline HolderId HolderTable::find_slot(const os::RobustList& list, std::uint32_t thread) const noexcept {
  const auto* const node = static_cast<const std::byte*>(list.find(slots_, bytes));
  if (node == nullptr) return 0;
  const auto at = static_cast<std::size_t>(node - reinterpret_cast<const std::byte*>(slots_));
  return name(slots_[at / sizeof(Slot)], thread);
}

inline HolderId HolderTable::take_slot(os::RobustList& list, std::uint32_t thread) const noexcept {
  HolderId id = 0;
  for (std::uint32_t tried = 0; tried < slot_count && id == 0; ++tried) {
    Slot& slot = slots_[(thread + tried) % slot_count];
    std::uint32_t word = slot.word.load(std::memory_order_acquire);
    if ((word & os::RobustList::thread_bits) != 0) continue;
    list.try_for(&slot.word);
    if (slot.word.compare_exchange_strong(word, thread, std::memory_order_acq_rel)) {
      const auto life = static_cast<std::uint32_t>((slot.life.load(std::memory_order_relaxed) + 1) & life_bits);
      slot.pid.store(::getpid(), std::memory_order_relaxed);
      slot.life.store(life == 0 ? 1 : life, std::memory_order_release);
      id = name(slot, thread);
      list.hang(&slot.word);
    }
    list.settle();
  }
  return id;
}

inline HolderId HolderTable::enrol(Enrolled& enrolled) const {
  static const bool watches_forks = [] {
    return ::pthread_atfork(nullptr, nullptr, [] { forks().fetch_add(1, std::memory_order_relaxed); }) == 0;
  }();
  static_cast<void>(watches_forks);
  os::RobustList list;
  if (!list.exists()) {
    throw RuntimeError(
        "concurrent::multiprocessing: this C library keeps no list of robust futexes for the calling thread, or the "
        "system does not tell of it (get_robust_list), so that nobody could know of its death. Use glibc, from a "
        "thread "
        "that pthread_create or std::thread has made, and no sandbox or emulator that refuses the call.");
  }
  const long offset = list.offset();
  if (offset > -16 || offset < -48) {
    throw RuntimeError("concurrent::multiprocessing: this C library's list of robust futexes has an unknown layout (" +
                       std::to_string(offset) + ").");
  }
  memory_.mapping_->stay_mapped();  // the kernel walks the slot when the thread ends
  // A signal handler that uses a lock meanwhile would find the list half made.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto thread = static_cast<std::uint32_t>(os::thread_id());
  HolderId id = find_slot(list, thread);
  if (id == 0) id = take_slot(list, thread);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (id == 0) {
    throw RuntimeError("concurrent::multiprocessing: " + std::to_string(slot_count) +
                       " threads use the locks of one process and its children already. Use fewer threads.");
  }
  if (enrolled.count == enrolled.tables.size()) {  // the oldest is looked for when it is used again
    std::move(enrolled.tables.begin() + 1, enrolled.tables.end(), enrolled.tables.begin());
    std::move(enrolled.ids.begin() + 1, enrolled.ids.end(), enrolled.ids.begin());
    --enrolled.count;
  }
  enrolled.tables[enrolled.count] = slots_;
  enrolled.ids[enrolled.count++] = id;
  return id;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
