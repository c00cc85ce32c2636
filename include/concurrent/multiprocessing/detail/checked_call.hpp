// SPDX-License-Identifier: BSL-1.0
// The worker's check of a call that it has claimed, before it reads a byte of it.
#pragma once

#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/message_checksum.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/pickle/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The pickled call, if it is what the caller wrote. A short one is copied first: what is checked and what is run
/// must be the same bytes. Throws: UnpicklingError when it is not.
inline std::span<const std::byte> checked_call(Segment& segment, const CallRecord& record, std::byte* copy) {
  std::uint64_t size = record.size;
  std::uint32_t flags = record.flags.load(std::memory_order_relaxed);
  std::uint64_t offset = (flags & CallRecord::in_block) != 0 ? record.offset() : 0;
  asm volatile("" : "+r"(size), "+r"(flags), "+r"(offset));
  const bool is_short = (flags & CallRecord::in_block) == 0;
  const bool possible = is_short ? size <= CallRecord::inline_capacity : segment.reach_caller_block(offset, size);
  if (possible) {
    if (is_short) std::memcpy(copy, record.bytes, size);
    if (checksum_of_call(size, offset, flags, copy) == record.checksum)
      return {is_short ? copy : segment.base() + offset, size};
  }
  throw pickle::UnpicklingError(
      "concurrent::futures: the call was not run: a rogue task has written over it in shared memory.");
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
