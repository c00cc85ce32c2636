// SPDX-License-Identifier: BSL-1.0
// A segment without a pool, for tests that play the pool and its workers themselves.
#pragma once

#include <concurrent/multiprocessing/detail/segment.hpp>

#include <cstdint>

namespace support {

inline concurrent::multiprocessing::detail::Segment make_segment(std::uint32_t workers, std::uint32_t queued_calls,
                                                                 std::uint32_t records,
                                                                 std::uint32_t ring_capacity = 8) {
  concurrent::multiprocessing::detail::SegmentGeometry geometry;
  geometry.workers = workers;
  geometry.queue_capacity = queued_calls;
  geometry.records = records;
  geometry.ring_capacity = ring_capacity;
  return concurrent::multiprocessing::detail::Segment::create(geometry);
}

}  // namespace support
