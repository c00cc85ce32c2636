// SPDX-License-Identifier: BSL-1.0
// A segment without a pool, and what a worker would write to its ring of results there.
#pragma once

#include <concurrent/futures/detail/process_pool/result_receiver.impl.hpp>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "support/segments.hpp"

namespace support {

namespace ipc = concurrent::multiprocessing::detail;

inline constexpr std::uint32_t ring_capacity = 4;

inline ipc::Segment segment_with_rings(std::uint32_t workers) { return make_segment(workers, 2, 8, ring_capacity); }

/// What a worker writes of one result, right or not.
struct WrittenResult {
  std::uint64_t call = ipc::pack_call(5, 3);
  std::uint64_t nonce = 77;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint32_t outcome = static_cast<std::uint32_t>(ipc::Outcome::value);
  std::string_view text = "";  // what lies in the entry; at most what fits there; never a null pointer

  /// With the checksum that belongs to it, so that another check has to find what is wrong. `spoil` changes that
  /// checksum.
  void write(const ipc::Segment& segment, std::uint32_t worker, std::uint64_t position, std::uint64_t spoil = 0) const {
    ipc::ResultEntry& entry = segment.result(worker, position);
    entry.call = call;
    entry.nonce = nonce;
    entry.size = size;
    entry.offset = offset;
    entry.outcome = outcome;
    std::memcpy(entry.bytes, text.data(), text.size());
    const bool fits = offset != 0 || size <= ipc::ResultEntry::inline_capacity;
    entry.checksum = (fits ? ipc::checksum_of_result(call, nonce, size, offset, outcome, entry.bytes) : 0) ^ spoil;
    entry.commit.store(position + 1);
  }
};

inline WrittenResult short_result(std::string_view text) {
  WrittenResult result;
  result.size = text.size();
  result.text = text;
  return result;
}

}  // namespace support
