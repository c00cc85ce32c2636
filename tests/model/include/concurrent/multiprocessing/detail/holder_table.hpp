// SPDX-License-Identifier: BSL-1.0
// Stands before the library's own header of that name: a holder is a thread of the program, and the explorer knows who
// has died, as the kernel does.
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

using HolderId = std::uint64_t;
inline constexpr HolderId holder_bits = (HolderId(1) << 60U) - 1;

/// A deadline that is no reason to sleep without being woken.
inline Deadline next_look_up(Deadline) noexcept { return Deadline(std::chrono::seconds(1)); }

class HolderTable {
 public:
  static constexpr std::uint32_t slot_count = 8;
  static constexpr std::size_t bytes = 64;
  /// While a program is set up: the thread that what is acquired is for.
  static inline std::uint32_t set_up_for = 0;
  static const SharedMemory& mine() {
    static const SharedMemory* const memory = new SharedMemory(bytes);
    return *memory;
  }

  HolderTable() = default;
  explicit HolderTable(SharedMemory memory) noexcept : memory_(std::move(memory)) {}
  const SharedMemory& memory() const noexcept { return memory_; }

  HolderId self() const { return (model::explorer != nullptr ? model::explorer->thread_number() : set_up_for) + 1; }
  bool is_alive(HolderId holder) const noexcept {
    return model::explorer == nullptr || model::explorer->is_alive(static_cast<std::uint32_t>(holder - 1));
  }
  static constexpr std::uint64_t short_bits = (std::uint64_t(1) << 38U) - 1;
  /// All have the first life, so that a slot never stands for another thread.
  static std::uint64_t shorten(HolderId id) noexcept { return id | std::uint64_t{1} << 12U; }
  bool is_short_alive(std::uint64_t id) const noexcept { return is_alive(id & 0xfffU); }
  int process_of(HolderId id) const noexcept { return static_cast<int>(id); }

 private:
  SharedMemory memory_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
