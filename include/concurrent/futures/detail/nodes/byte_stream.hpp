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
  /// Calls `take(Message)` for each that is complete now. `make_room(Message&)` says where the body of one whose fields
  /// have come is to lie, and keeps it there.
  template <class Take, class MakeRoom>
  void push(std::span<const std::byte> bytes, Take&& take, MakeRoom&& make_room) {
    while (!bytes.empty()) {
      if (body_ != nullptr) {
        const std::size_t part = (std::min)(room().size(), bytes.size());
        std::memcpy(body_ + filled_, bytes.data(), part);
        bytes = bytes.subspan(part);
        filled(part, take);
        continue;
      }
      if (filled_ < sizeof(MessageHeader)) {
        message_.fields.resize(sizeof(MessageHeader));
        if (!fill(bytes)) return;
        std::memcpy(&message_.header, message_.fields.data(), sizeof(MessageHeader));
        message_.fields.resize(sizeof(MessageHeader) + message_.header.fields);
      }
      if (!fill(bytes)) return;
      if (message_.header.body != 0) {
        body_ = make_room(message_);
        filled_ = 0;
      } else {
        finish(take);
      }
    }
  }

  /// What comes next may be laid down here without `push`; empty unless a body is on its way.
  std::span<std::byte> room() const noexcept {
    return body_ == nullptr ? std::span<std::byte>() : std::span(body_ + filled_, message_.header.body - filled_);
  }
  /// That was done with `size` bytes.
  template <class Take>
  void filled(std::size_t size, Take&& take) {
    filled_ += size;
    if (filled_ == message_.header.body) finish(take);
  }

 private:
  /// True: what stands before the body is complete as far as its length is known.
  bool fill(std::span<const std::byte>& bytes) {
    const std::size_t part = (std::min)(message_.fields.size() - filled_, bytes.size());
    if (part != 0) std::memcpy(message_.fields.data() + filled_, bytes.data(), part);
    filled_ += part;
    bytes = bytes.subspan(part);
    return filled_ == message_.fields.size();
  }
  template <class Take>
  void finish(Take&& take) {
    filled_ = 0;
    body_ = nullptr;
    take(std::exchange(message_, {}));
  }

  Message message_;
  std::byte* body_ = nullptr;  // where it lies, once it is on its way
  std::size_t filled_ = 0;     // of the body then, else of what stands before it
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
