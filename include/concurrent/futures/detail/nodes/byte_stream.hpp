// SPDX-License-Identifier: BSL-1.0
// Messages as a stream of bytes, for wires that do not keep their borders, or that carry many small ones best together.
#pragma once

#include <concurrent/futures/detail/nodes/message.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What is to go out. Messages that wait are joined, so that one step of the wire takes all of them; nothing is held
/// back for that. A large body goes out from where it lies.
class OutgoingBytes {
 public:
  struct Chunk {
    std::vector<std::byte> own;
    Bytes shared;

    std::span<const std::byte> bytes() const noexcept {
      return shared.size != 0 ? shared.span() : std::span<const std::byte>(own);
    }
  };

  bool empty() const noexcept { return chunks_.empty(); }
  void push(Message message) {
    if (chunks_.empty() || chunks_.back().shared.size != 0 ||
        chunks_.back().own.size() + message.fields.size() > joined) {
      chunks_.push_back({std::move(message.fields), {}});
    } else {
      std::vector<std::byte>& last = chunks_.back().own;
      last.insert(last.end(), message.fields.begin(), message.fields.end());
    }
    if (message.body.size != 0) chunks_.push_back({{}, std::move(message.body)});
  }
  Chunk pop() {
    Chunk chunk = std::move(chunks_.front());
    chunks_.pop_front();
    return chunk;
  }

 private:
  static constexpr std::size_t joined = std::size_t{64} << 10;
  std::deque<Chunk> chunks_;
};

/// Cuts what comes in into messages.
class IncomingBytes {
 public:
  /// Calls `take(Message)` for each that is complete now.
  template <class Take>
  void push(std::span<const std::byte> bytes, Take&& take) {
    while (!bytes.empty()) {
      if (filled_ < sizeof(MessageHeader)) {
        const std::size_t part = (std::min)(sizeof(MessageHeader) - filled_, bytes.size());
        message_.fields.resize(sizeof(MessageHeader));
        std::memcpy(message_.fields.data() + filled_, bytes.data(), part);
        filled_ += part;
        bytes = bytes.subspan(part);
        if (filled_ < sizeof(MessageHeader)) return;
        std::memcpy(&message_.header, message_.fields.data(), sizeof(MessageHeader));
        message_.fields.resize(sizeof(MessageHeader) + message_.header.size);
      }
      const std::size_t part = (std::min)(message_.fields.size() - filled_, bytes.size());
      if (part != 0) std::memcpy(message_.fields.data() + filled_, bytes.data(), part);
      filled_ += part;
      bytes = bytes.subspan(part);
      if (filled_ < message_.fields.size()) return;
      filled_ = 0;
      take(std::exchange(message_, {}));
    }
  }

 private:
  Message message_;
  std::size_t filled_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
