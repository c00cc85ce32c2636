// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/body_memory.hpp>
#include <concurrent/futures/detail/nodes/body_writer.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A call whose bytes are laid down where its worker will read them.
struct ArrivingCall {
  struct Release {
    void operator()(ProcessPool* held) const noexcept { held->release(); }
  };
  ArrivingCall(ProcessPool& of, std::size_t size) : pool(&of), writer(of.blocks()) {
    of.add_reference();
    writer.claim(size);
  }

  std::unique_ptr<ProcessPool, Release> pool;  // outlives the writer, which gives its block back
  CallWriter writer;
};

/// One whose bytes come in parts, and the rest of them at last.
class CallInParts {
 public:
  /// `room`: how many bytes it has, as far as that is known yet.
  CallInParts(ProcessPool& pool, std::size_t room) : pool_(&pool) {
    try {
      call_ = std::make_unique<ArrivingCall>(pool, room);
    } catch (const std::exception&) {  // no shared memory for it: its future hears that when the call has come
    }
  }

  /// Where `size` bytes from `at` on are to lie. Throws std::bad_alloc.
  std::byte* make_room(std::size_t at, std::size_t size) {
    parts_.add(at, at + size);
    if (call_ != nullptr) {
      CallWriter& writer = call_->writer;
      try {
        if (writer.size() < at + size) writer.claim(at + size - writer.size());
        return writer.data() + at;
      } catch (const std::exception&) {
        move_out(at + size);
        return plain_.get() + at;
      }
    }
    if (plain_size_ < at + size) move_out(at + size);
    return plain_.get() + at;
  }

  /// All of them are there with these. Throws what a pool throws that has no memory for a call.
  CallWriter& finish(std::size_t size, std::span<const std::byte> rest) {
    if (call_ == nullptr) {
      call_ = std::make_unique<ArrivingCall>(*pool_, size);
      std::memcpy(call_->writer.data(), plain_.get(), (std::min)(size, plain_size_));
    }
    CallWriter& writer = call_->writer;
    if (writer.size() < size) writer.claim(size - writer.size());
    writer.truncate(size);
    parts_.for_each_gap(size, [&](std::size_t begin, std::size_t end) {
      std::memcpy(writer.data() + begin, rest.data(), end - begin);
      rest = rest.subspan(end - begin);
    });
    return writer;
  }

 private:
  void move_out(std::size_t size) {
    std::shared_ptr<std::byte[]> larger = body_memory(size);
    if (call_ != nullptr) {
      std::memcpy(larger.get(), call_->writer.data(), (std::min)(size, call_->writer.size()));
      call_.reset();
    } else if (plain_ != nullptr) {
      std::memcpy(larger.get(), plain_.get(), plain_size_);
    }
    plain_ = std::move(larger);
    plain_size_ = size;
  }

  ProcessPool* pool_;
  std::unique_ptr<ArrivingCall> call_;
  std::shared_ptr<std::byte[]> plain_;  // instead
  std::size_t plain_size_ = 0;
  SentParts parts_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
