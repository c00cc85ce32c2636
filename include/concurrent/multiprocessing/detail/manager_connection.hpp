// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/manager_channel.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <span>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A client's end of a connection to a Manager's server. One thread at a time has it, and nobody else reads or writes
/// there. It is closed by close() alone: one that a fork has left behind is its parent's.
class ManagerConnection {
 public:
  /// Takes a socket that the registry has.
  explicit ManagerConnection(int socket) noexcept : socket_(socket) {}
  ManagerConnection(const ManagerConnection&) = delete;
  ManagerConnection& operator=(const ManagerConnection&) = delete;
  ~ManagerConnection() { channel_.forget(); }

  void close() noexcept {
    DescriptorRegistry::instance().close(socket_);
    channel_ = ManagerChannel();
  }

  /// Sends what is not answered. False: the server is gone.
  bool send(ManagerFrame::Kind kind, std::span<const std::byte> bytes) noexcept {
    if (channel_.valid()) channel_.announce_frame();
    return send_frame(socket_, kind, bytes);
  }

  /// Sends a pickled call, and waits for its answer. False: the server is gone, or talks nonsense.
  /// Throws: std::bad_alloc, after which the conversation is not where it should be.
  bool call(std::span<const std::byte> request, ManagerFrame& frame) {
    if (calls_ < calls_before_channel && ++calls_ == calls_before_channel) ask_for_channel();
    if (channel_.valid() && request.size() <= ManagerChannel::most) {
      if (channel_.post_request(request)) send(ManagerFrame::Kind::bell, {});  // if it cannot, the server is gone
      return await_answer(frame);
    }
    const bool sent = send(ManagerFrame::Kind::call, request);
    // One that refuses says so before it closes.
    return receive_frame(socket_, frame) && (sent || frame.kind == ManagerFrame::Kind::refused) &&
           bytes_.receive(socket_, frame.size);
  }
  /// The answer.
  std::span<const std::byte> bytes() const noexcept { return bytes_.bytes(); }
  void trim() noexcept { bytes_.trim(); }

 private:
  /// Whoever makes few calls does without; the memory is two system calls here and six in the server.
  static constexpr std::uint32_t calls_before_channel = 8;

  void ask_for_channel() noexcept {
    ManagerFrame frame;
    Descriptor file;
    if (!send_frame(socket_, ManagerFrame::Kind::channel, {}) || !receive_frame_with(socket_, frame, file)) return;
    if (frame.kind == ManagerFrame::Kind::channel && frame.size == 0) {
      channel_ = ManagerChannel::open(file);
    } else if (frame.kind != ManagerFrame::Kind::refused || !skip_bytes(socket_, frame.size)) {
      ::shutdown(socket_, SHUT_RDWR);  // so that the call fails
    }
  }

  bool await_answer(ManagerFrame& frame) {
    if (polling_.until([this] { return channel_.has_answer(); }, channel_.server_is_here())) return take_answer(frame);
    using Came = ManagerChannel::Came;
    const Came came = channel_.await_answer([&] {
      if (!receive_frame(socket_, frame)) return Came::end;
      return frame.kind == ManagerFrame::Kind::bell ? Came::bell : Came::frame;
    });
    if (came == Came::frame) return bytes_.receive(socket_, frame.size);
    return came == Came::answer && take_answer(frame);
  }
  bool take_answer(ManagerFrame& frame) {
    if (!channel_.read_answer(frame, bytes_)) return false;
    if (frame.kind != ManagerFrame::Kind::follows) return frame.magic == ManagerFrame::expected_magic;
    return receive_frame(socket_, frame) && bytes_.receive(socket_, frame.size);
  }

  int socket_;
  std::uint32_t calls_ = 0;
  ManagerChannel channel_;
  ManagerPolling polling_;
  ReceivedBytes bytes_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
