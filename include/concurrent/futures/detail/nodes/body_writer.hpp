// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/message.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

class NodePool;

/// Which bytes of a call have gone to a node before the call.
struct SentParts {
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::uint64_t number = 0;  // 0: none
  std::size_t node = 0;
  std::vector<Range> ranges;  // in order, with something between them

  std::size_t size() const noexcept {
    std::size_t size = 0;
    for (const Range& each : ranges) size += each.end - each.begin;
    return size;
  }
  void add(std::size_t begin, std::size_t end) {
    if (!ranges.empty() && ranges.back().end == begin) {
      ranges.back().end = end;
    } else {
      ranges.push_back({begin, end});
    }
  }
  /// Calls visit(begin, end) for what is left of `total` bytes.
  template <class Visit>
  void for_each_gap(std::size_t total, const Visit& visit) const {
    std::size_t at = 0;
    for (const Range& each : ranges) {
      if (at != each.begin) visit(at, each.begin);
      at = each.end;
    }
    if (at != total) visit(at, total);
  }
};

/// Where submit pickles a call for another node: on the stack, and in memory that goes out as it is once it is large.
/// Of a large block the pieces that are there go out while the rest is copied (message.hpp, "Parts").
class BodyWriter final : public pickle::Writer {
 public:
  explicit BodyWriter(NodePool& pool) noexcept
      : Writer(bytes_, bytes_ + sizeof bytes_, &BodyWriter::grow), pool_(&pool) {
    keep_what_is_sent();
    set_write_large(&BodyWriter::write_large);
  }
  ~BodyWriter() {
    if (parts.number != 0) [[unlikely]]
      void_parts();
  }

  /// What was written. Nothing may be written after it.
  Bytes take() {
    if (memory_ == nullptr) return Bytes::copy(data(), size());
    return {std::move(memory_), size()};
  }

  SentParts parts;

 private:
  static void grow(pickle::Writer& writer, std::size_t needed) {
    auto& self = static_cast<BodyWriter&>(writer);
    const std::size_t wanted = self.size() + needed;
    // What follows a large block is mostly little: not another copy for that.
    const std::size_t roomy = needed < self.size() ? 2 * self.size() + needed : wanted + separate_body;
    std::shared_ptr<std::byte[]> larger = body_memory(roomy);
    std::memcpy(larger.get(), self.data(), self.size());
    self.rebase(larger.get(), larger.get() + roomy);
    self.memory_ = std::move(larger);
  }

  static void write_large(pickle::Writer& writer, const std::byte* data, std::size_t size);
  void send_part(std::size_t begin, std::size_t end, std::size_t room) noexcept;
  void void_parts() noexcept;

  static constexpr std::size_t first_part = std::size_t{1} << 20;
  static constexpr std::size_t part = std::size_t{4} << 20;

  std::byte bytes_[1024];
  std::shared_ptr<std::byte[]> memory_;
  NodePool* pool_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
