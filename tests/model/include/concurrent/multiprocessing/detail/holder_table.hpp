// SPDX-License-Identifier: BSL-1.0
// Stands before the library's own header of that name: a holder is a thread of the program, and the explorer knows who
// has died, as the kernel does.
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>

#include <chrono>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

using HolderId = std::uint64_t;
inline constexpr HolderId holder_bits = (HolderId(1) << 60U) - 1;

/// A deadline that is no reason to sleep without being woken.
inline Deadline next_look_up(Deadline) noexcept { return Deadline(std::chrono::seconds(1)); }
inline bool has_passed(Deadline) noexcept { return false; }

class HolderTable {
 public:
  static HolderId self() { return model::explorer->thread_number() + 1; }
  bool is_alive(HolderId holder) const noexcept {
    return model::explorer->is_alive(static_cast<std::uint32_t>(holder - 1));
  }
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
