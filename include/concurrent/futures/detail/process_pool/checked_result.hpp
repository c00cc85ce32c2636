// SPDX-License-Identifier: BSL-1.0
// Where a result that a worker has written is checked, before anything believes it: this is where the caller meets
// bytes that it has not written. The second half needs the calls: whether that worker had the call that the result
// names, and its nonce, is ProcessPool::match_call's to say (results.hpp). A worker whose result fails either is
// killed.
#pragma once

#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/message_checksum.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A result as its worker gave it, once it has been checked. Nothing that is written to the ring afterwards changes it;
/// only the content of a block is read where the worker wrote it.
struct ResultItem {
  ResultItem() noexcept {}  // filled in by check_result

  bool of_initializer() const noexcept { return call == multiprocessing::detail::initializer_call; }
  bool of_finalizer() const noexcept { return call == multiprocessing::detail::finalizer_call; }
  std::span<const std::byte> content() const noexcept {
    return {block != nullptr ? block : bytes, static_cast<std::size_t>(size)};
  }

  alignas(multiprocessing::detail::cache_line) std::byte bytes[multiprocessing::detail::ResultEntry::inline_capacity];
  const std::byte* block;  // where a large result lies; it is given back when it has been read
  std::uint64_t size;
  std::uint64_t call;  // which it says it answers, and the nonce that it repeats: whoever has the calls compares them
  std::uint64_t nonce;
  multiprocessing::detail::Outcome outcome;
};

/// Copies a worker's record, and says whether it can be: its outcome, where its content lies and how much that is, and
/// the checksum, which covers content that stands in the record, and none in a block. False: the worker is not to be
/// listened to any more.
inline bool check_result(multiprocessing::detail::Segment& segment, std::uint32_t slot,
                         const multiprocessing::detail::ResultEntry& entry, ResultItem& item) noexcept {
  namespace ipc = multiprocessing::detail;
  // Copied first: a rogue worker may go on writing.
  std::uint64_t call = entry.call;
  std::uint64_t nonce = entry.nonce;
  std::uint64_t size = entry.size;
  std::uint64_t offset = entry.offset;
  std::uint32_t outcome = entry.outcome;
  const std::uint64_t checksum = entry.checksum;
  asm volatile("" : "+r"(call), "+r"(nonce), "+r"(size), "+r"(offset), "+r"(outcome));
  item.block = nullptr;
  bool good = outcome == static_cast<std::uint32_t>(ipc::Outcome::exception) ||
              (outcome == static_cast<std::uint32_t>(ipc::Outcome::value) && call != ipc::finalizer_call);
  if (good && offset != 0) {
    const auto region = segment.worker_region(slot);
    const std::uint64_t first = segment.offset_of(region.data()) + sizeof(ipc::Block);
    const std::uint64_t last = segment.offset_of(region.data()) + region.size();
    good = offset % ipc::cache_line == 0 && offset >= first && offset <= last && size <= last - offset;
    good = good && segment.reach_worker_block(slot, offset, size);
    if (good) item.block = segment.base() + offset;
  } else {
    good = good && size <= ipc::ResultEntry::inline_capacity;
    if (good) std::memcpy(item.bytes, entry.bytes, size);
  }
  if (!good || checksum != ipc::checksum_of_result(call, nonce, size, offset, outcome, item.bytes)) return false;
  item.size = size;
  item.call = call;
  item.nonce = nonce;
  item.outcome = static_cast<ipc::Outcome>(outcome);
  return true;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
