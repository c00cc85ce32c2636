// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstdint>
#include <memory>
#include <utility>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A slot for a worker, and what the pool knows of the process in it. WorkerTable changes the state and what it counts;
/// the rest is the pool's.
struct WorkerSlot {
  enum class State : std::uint8_t { vacant, starting, live };

  State state = State::vacant;
  bool retiring = false;         // it takes no more calls and is about to leave by itself
  bool resigning = false;        // it is one too many since set_max_workers, and retiring for that reason
  bool stopping = false;         // it was asked to end, by a signal
  bool leaving = false;          // it was told to begin no other call and to end (WorkerEntry::leave)
  bool ignored_wakeup = false;   // it said that it polls, and did not take a call that waited
  bool holds_call = false;       // at the manager's last check that asked
  bool was_blocked = false;      // a call waited, and it slept or was stopped: at the manager's last check
  bool blocks_reserved = false;  // it is vacant, and its blocks are about to be given back
  std::uint32_t name = 0;
  std::uint64_t serial = 0;
  std::uint64_t tasks = 0;
  std::uint64_t claimed = ~std::uint64_t{0};  // a call with a time limit that was seen taken and not begun, and when
  Deadline claimed_since{};
  Deadline since{};  // when it was asked for
  pid_t pid = 0;

  bool is_occupied() const noexcept { return state != State::vacant; }
};

/// Who is in which slot, and how many take calls. Belongs to the pool's lock.
///
/// A slot goes from vacant over starting and live back to vacant; its process may end at any moment in between. It
/// *accepts* calls from the start on until it retires: occupied() and accepting() are counted here and nowhere else.
class WorkerTable {
 public:
  /// Before any worker is started; `most`: what room() can grow to. Throws std::bad_alloc.
  void open(std::uint32_t room, std::uint32_t most) {
    slots_ = pickle::detail::UniqueArray<WorkerSlot>(most);
    room_ = room;
  }
  void grow(std::uint32_t room) noexcept { room_ = room; }

  /// The slots that may be used.
  std::uint32_t room() const noexcept { return room_; }
  /// The slots from here on have never been used: whoever looks for workers stops there.
  std::uint32_t size() const noexcept { return size_; }
  WorkerSlot& operator[](std::uint32_t index) noexcept { return slots_[index]; }
  const WorkerSlot& operator[](std::uint32_t index) const noexcept { return slots_[index]; }
  /// False also for a number that is no slot's.
  bool is_occupied(std::uint32_t index) const noexcept { return index < size_ && slots_[index].is_occupied(); }

  /// Slots with a process in them, or with one that is being started or whose end has not been dealt with.
  std::uint32_t occupied() const noexcept { return occupied_; }
  /// Those of them that take calls, or will once they have started.
  std::uint32_t accepting() const noexcept { return accepting_; }
  /// Whether another worker may be started, of `most` at a time.
  bool has_room_below(std::uint32_t most) const noexcept { return accepting_ + resigning_ < most; }

  /// Puts a worker that is about to be started into a vacant slot.
  WorkerSlot& occupy(std::uint32_t index, std::uint32_t name, Deadline now) noexcept {
    WorkerSlot& slot = slots_[index];
    slot = WorkerSlot{};
    slot.state = WorkerSlot::State::starting;
    slot.name = name;
    slot.serial = next_serial_++;
    slot.since = now;
    if (index >= size_) size_ = index + 1;
    ++occupied_;
    ++accepting_;
    return slot;
  }
  /// Its process is there. False: this worker is not in the slot any more.
  bool started(std::uint32_t index, std::uint64_t serial, pid_t pid) noexcept {
    if (!holds(index, serial)) return false;
    slots_[index].state = WorkerSlot::State::live;
    slots_[index].pid = pid;
    return true;
  }
  /// Whether this very worker is in the slot, not one before or after it.
  bool holds(std::uint32_t index, std::uint64_t serial) const noexcept {
    return is_occupied(index) && slots_[index].serial == serial;
  }
  /// It takes no more calls. False: that was known.
  bool retire(std::uint32_t index) noexcept {
    if (std::exchange(slots_[index].retiring, true)) return false;
    --accepting_;
    return true;
  }
  /// It is one too many: it retires, and counts against the number of workers until it has gone.
  void resign(std::uint32_t index) noexcept {
    retire(index);
    slots_[index].resigning = true;
    ++resigning_;
  }
  /// It has ended, or has never come to be.
  void vacate(std::uint32_t index) noexcept {
    WorkerSlot& slot = slots_[index];
    retire(index);
    slot.state = WorkerSlot::State::vacant;
    slot.pid = 0;
    --occupied_;
    if (std::exchange(slot.resigning, false)) --resigning_;
  }

 private:
  pickle::detail::UniqueArray<WorkerSlot> slots_;
  std::uint32_t room_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t occupied_ = 0;
  std::uint32_t accepting_ = 0;
  std::uint32_t resigning_ = 0;  // retiring for set_max_workers, and still there
  std::uint64_t next_serial_ = 1;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
