// SPDX-License-Identifier: BSL-1.0
// A worker's ring of results with arbitrary bytes in it, as the caller's process reads it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "support/result_ring.hpp"

namespace fuzz {

namespace ipc = support::ipc;
using concurrent::futures::detail::ResultItem;
using concurrent::futures::detail::ResultReceiver;

/// In the first byte of an input: the words without which nothing else would be looked at are put right.
inline constexpr unsigned with_commits = 1;
inline constexpr unsigned with_checksums = 2;
/// Offsets count from the first block in the worker's region, as one in the segment is another on each machine.
inline constexpr unsigned with_own_blocks = 4;

inline void must(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "a result that %s was not refused\n", what);
  std::abort();
}

/// A byte of flags, then entries.
inline void read_results(std::span<const std::uint8_t> input) {
  static ipc::Segment segment = support::segment_with_rings(2);
  static ResultReceiver receiver;
  static const bool opened = (receiver.open(segment), true);
  static_cast<void>(opened);
  if (input.empty()) return;
  const unsigned flags = input[0];
  input = input.subspan(1);
  receiver.begin(0);
  const auto region = segment.worker_region(0);
  const std::uint64_t begin = segment.offset_of(region.data());
  const std::uint64_t first = segment.worker(0).first_position;
  bool blocks = false;
  for (std::uint64_t at = first; at != first + support::ring_capacity && !input.empty(); ++at) {
    ipc::ResultEntry& entry = segment.result(0, at);
    const std::size_t size = std::min(input.size(), sizeof entry);
    std::memcpy(static_cast<void*>(&entry), input.data(), size);
    input = input.subspan(size);
    if ((flags & with_commits) != 0) entry.commit.store(at + 1);
    if ((flags & with_own_blocks) != 0 && entry.offset != 0) entry.offset += begin;
    if ((flags & with_checksums) != 0 && (entry.offset != 0 || entry.size <= ipc::ResultEntry::inline_capacity))
      entry.checksum =
          ipc::checksum_of_result(entry.call, entry.nonce, entry.size, entry.offset, entry.outcome, entry.bytes);
  }
  ResultItem item;
  std::size_t taken = 0;
  ResultReceiver::Take take = ResultReceiver::Take::none;
  while ((take = receiver.take(0, item)) == ResultReceiver::Take::item) {
    must(++taken <= support::ring_capacity, "was not written");
    must(item.outcome == ipc::Outcome::value || item.outcome == ipc::Outcome::exception, "has another outcome");
    must(!item.of_finalizer() || item.outcome == ipc::Outcome::exception, "is a finalizer's value");
    if (item.block != nullptr) {
      const auto offset = static_cast<std::uint64_t>(item.block - region.data());
      must(item.block >= region.data() + sizeof(ipc::Block) && offset <= region.size(), "lies elsewhere");
      must(item.size <= region.size() - offset, "is too long");
      must(receiver.is_read(0), "nobody reads");
    } else {
      must(item.size <= ipc::ResultEntry::inline_capacity, "is too long");
    }
    const auto content = item.content();
    if (!content.empty()) {
      volatile const std::byte* const bytes = content.data();
      static_cast<void>(bytes[0]);
      static_cast<void>(bytes[content.size() - 1]);
    }
    blocks = blocks || item.block != nullptr;
    receiver.give_back(0, item);
    must(!receiver.is_read(0), "was given back");
  }
  must(receiver.is_distrusted(0) == (take == ResultReceiver::Take::malformed), "comes after one that cannot be");
  receiver.end(0);
  if (blocks) concurrent::os::give_back(region.data(), region.size());
}

/// Inputs with results that are as they should be, and some that are not.
inline std::vector<std::vector<std::byte>> results() {
  std::vector<std::vector<std::byte>> all;
  const auto add = [&all](unsigned flags, const std::vector<support::WrittenResult>& entries) {
    std::vector<std::byte> input{static_cast<std::byte>(flags)};
    for (const support::WrittenResult& one : entries) {
      std::byte bytes[sizeof(ipc::ResultEntry)] = {};
      const std::uint64_t words[] = {0, one.call, one.nonce, one.size, one.offset, 0, one.outcome};
      std::memcpy(bytes, words, sizeof words);
      std::memcpy(bytes + offsetof(ipc::ResultEntry, bytes), one.text.data(), one.text.size());
      input.insert(input.end(), bytes, bytes + sizeof bytes);
    }
    all.push_back(std::move(input));
  };
  support::WrittenResult in_block;
  in_block.size = 100'000;
  in_block.offset = sizeof(ipc::Block);
  support::WrittenResult thrown = support::short_result("an exception");
  thrown.outcome = static_cast<std::uint32_t>(ipc::Outcome::exception);
  support::WrittenResult finalizer = thrown;
  finalizer.call = ipc::finalizer_call;
  const support::WrittenResult value = support::short_result("a value");
  add(with_commits | with_checksums | with_own_blocks, {value, in_block, thrown, finalizer});
  add(with_commits | with_checksums | with_own_blocks, {in_block, in_block});
  add(with_commits | with_checksums, {value, value, value, value, value});
  add(with_commits, {value});
  add(0, {value, in_block});
  return all;
}

}  // namespace fuzz
