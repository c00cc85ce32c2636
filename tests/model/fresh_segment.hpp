// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model/atomic.hpp"

#include <concurrent/multiprocessing/detail/segment.hpp>

#include "support/segments.hpp"

namespace model {

/// One segment for all executions, which each begins as it was made.
template <std::uint32_t workers, std::uint32_t queued_calls, std::uint32_t records, std::uint32_t ring_capacity = 8>
concurrent::multiprocessing::detail::Segment& fresh_segment() {
  static auto segment = support::make_segment(workers, queued_calls, records, ring_capacity);
  const std::size_t size = segment.geometry().caller_region;
  static const std::vector<std::byte> as_made(segment.base(), segment.base() + size);
  std::memcpy(segment.base(), as_made.data(), size);
  return segment;
}

}  // namespace model
