// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool/call_writer.hpp>
#include <concurrent/multiprocessing/detail/grow_in_blocks.hpp>
#include <concurrent/pickle/errors.hpp>

#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The call has not been taken: its submit threw.
CONCURRENT_FUTURES_INLINE void CallWriter::free_block() noexcept { blocks_->free(block_); }

CONCURRENT_FUTURES_INLINE void CallWriter::grow(pickle::Writer& writer, std::size_t needed) {
  auto& self = static_cast<CallWriter&>(writer);
  if (multiprocessing::detail::grow_in_blocks(self, needed, *self.blocks_, self.block_)) return;
  throw pickle::PicklingError("concurrent::futures: arguments too large: " + std::to_string(self.size() + needed) +
                              " bytes. There is no shared memory for them; pass them in parts or through a file.");
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
