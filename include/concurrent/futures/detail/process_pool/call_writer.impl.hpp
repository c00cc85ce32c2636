// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool/call_writer.hpp>
#include <concurrent/pickle/errors.hpp>

#include <cstring>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The call has not been taken: its submit threw.
CONCURRENT_FUTURES_INLINE void CallWriter::free_block() noexcept { blocks_->free(block_); }

CONCURRENT_FUTURES_INLINE void CallWriter::grow(pickle::Writer& writer, std::size_t needed) {
  auto& self = static_cast<CallWriter&>(writer);
  const std::size_t wanted = self.size() + needed;
  const std::size_t roomy = needed < self.size() ? 2 * self.size() + needed : wanted;
  if (self.block_.address != nullptr && self.blocks_->extend(self.block_, roomy)) {
    self.rebase(self.block_.address, self.block_.address + self.block_.size);
    return;
  }
  auto larger = self.blocks_->allocate(roomy);
  if (larger.address == nullptr && roomy != wanted) larger = self.blocks_->allocate(wanted);
  if (larger.address == nullptr) {
    throw pickle::PicklingError("concurrent::futures: arguments too large: " + std::to_string(wanted) +
                                " bytes. There is no shared memory for them; pass them in parts or through a file.");
  }
  std::memcpy(larger.address, self.data(), self.size());
  self.rebase(larger.address, larger.address + larger.size);
  if (self.block_.address != nullptr) self.blocks_->free(self.block_);
  self.block_ = larger;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
