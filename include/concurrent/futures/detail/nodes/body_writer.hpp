// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/message.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Where submit pickles a call for another node: on the stack, and in memory that goes out as it is once it is large.
class BodyWriter final : public pickle::Writer {
 public:
  BodyWriter() noexcept : Writer(bytes_, bytes_ + sizeof bytes_, &BodyWriter::grow) { keep_what_is_sent(); }

  /// What was written. Nothing may be written after it.
  Bytes take() {
    if (memory_ == nullptr) return Bytes::copy(data(), size());
    return {std::move(memory_), size()};
  }

 private:
  static void grow(pickle::Writer& writer, std::size_t needed) {
    auto& self = static_cast<BodyWriter&>(writer);
    const std::size_t wanted = self.size() + needed;
    const std::size_t roomy = needed < self.size() ? 2 * self.size() + needed : wanted;
    std::shared_ptr<std::byte[]> larger = body_memory(roomy);
    std::memcpy(larger.get(), self.data(), self.size());
    self.rebase(larger.get(), larger.get() + roomy);
    self.memory_ = std::move(larger);
  }

  std::byte bytes_[1024];
  std::shared_ptr<std::byte[]> memory_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
