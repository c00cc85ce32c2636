// SPDX-License-Identifier: BSL-1.0
// How a message grows into a block of shared memory, and out of one into a larger: arguments in the caller, results in
// a worker.
#pragma once

#include <concurrent/multiprocessing/detail/allocation.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <cstring>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Makes room for `needed` more bytes behind the first `header` bytes of `block`, a block of its own, which is none at
/// first. False: there is no such block to be had, and all is as it was.
template <class Blocks>
bool grow_in_blocks(pickle::Writer& writer, std::size_t needed, Blocks& blocks, Allocation& block,
                    std::size_t header = 0) {
  const std::size_t wanted = writer.size() + needed;
  const std::size_t roomy = pickle::Writer::grown_size(writer.size(), needed);
  if (block.address != nullptr && blocks.extend(block, roomy)) {
    writer.rebase(block.address + header, block.address + block.size);
    return true;
  }
  Allocation larger = blocks.allocate(roomy);
  if (larger.address == nullptr && roomy != wanted) larger = blocks.allocate(wanted);
  if (larger.address == nullptr) return false;
  std::memcpy(larger.address + header, writer.data(), writer.size());
  writer.rebase(larger.address + header, larger.address + larger.size);
  if (block.address != nullptr) blocks.free(block);
  block = larger;
  return true;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
