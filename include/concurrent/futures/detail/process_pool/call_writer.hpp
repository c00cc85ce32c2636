// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/multiprocessing/detail/allocation.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

class ArgumentBlocks;

/// Where submit pickles a call, before any lock is taken: on the stack, and straight into shared memory once it
/// outgrows what a call record holds.
class CallWriter : public pickle::Writer {
 public:
  explicit CallWriter(ArgumentBlocks& blocks) noexcept
      : Writer(bytes_, bytes_ + sizeof bytes_, &CallWriter::grow), blocks_(&blocks) {
    keep_what_is_sent();
  }
  ~CallWriter() {
    if (block_.address != nullptr) [[unlikely]]
      free_block();
  }

  bool has_block() const noexcept { return block_.address != nullptr; }
  /// The block, if the call needed one; the caller owns it now.
  multiprocessing::detail::Allocation take_block() noexcept { return std::exchange(block_, {}); }

 private:
  void free_block() noexcept;
  static void grow(pickle::Writer& writer, std::size_t needed);

  alignas(multiprocessing::detail::cache_line) std::byte bytes_[multiprocessing::detail::CallRecord::inline_capacity];
  ArgumentBlocks* blocks_;
  multiprocessing::detail::Allocation block_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/process_pool/call_writer.impl.hpp>
#endif
