// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/byte_stream.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/os/event.hpp>
#include <concurrent/os/socket.hpp>
#include <concurrent/os/thread.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

/// A link over a connected stream socket, with a thread that writes and reads.
class SocketLink final : public NodeLink {
 public:
  /// Throws std::system_error.
  explicit SocketLink(multiprocessing::detail::Descriptor socket)
      : socket_(std::move(socket)), event_(os::open_event()) {
    if (!event_.valid()) multiprocessing::detail::throw_errno(errno, "eventfd");
  }
  /// What was sent goes out first, unless nobody reads it for a second.
  ~SocketLink() override { stop(); }

  /// The same; from then on the peer hears nothing, and what is sent is dropped.
  void stop() {
    leaving_.store(true);
    wake();
    if (thread_.joinable()) thread_.join();
  }

  /// From now on the peer hears what comes.
  void start(NodePeer& peer) {
    peer_ = &peer;
    const multiprocessing::detail::BlockSignals no_handlers;
    thread_ = std::thread([this] { run(); });
  }

  void send(Message message) override {
    {
      const ipc::MutexLock lock(mutex_);
      if (is_lost_) return;
      const bool was_empty = out_.empty();
      out_.push(std::move(message));
      if (!was_empty) return;
    }
    wake();
  }

  /// As if the wire had been cut: both sides hear that the other is lost.
  void cut() noexcept { ::shutdown(socket_.get(), SHUT_RDWR); }

 private:
  void wake() noexcept { os::set_event(event_.get()); }

  void run() {
    os::set_thread_name("node-link");
    std::vector<std::byte> buffer(std::size_t{64} << 10);
    for (;;) {
      std::string problem = send_some();
      const bool writes = at_ != chunk_.bytes().size();
      if (leaving_.load() && !writes && problem.empty()) return;
      pollfd waits[2] = {{socket_.get(), static_cast<short>(POLLIN | (writes ? POLLOUT : 0)), 0},
                         {event_.get(), POLLIN, 0}};
      if (problem.empty()) {
        const int ready = ::poll(waits, 2, leaving_.load() ? 1000 : -1);
        if (ready == 0) return;
        if (ready < 0 && errno == EINTR) continue;
        if ((waits[1].revents & POLLIN) != 0) os::clear_event(event_.get());
        if ((waits[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) problem = receive_some(buffer);
      }
      if (problem.empty()) continue;
      {
        const ipc::MutexLock lock(mutex_);
        is_lost_ = true;
      }
      if (!leaving_.load()) peer_->lost(problem);
      return;
    }
  }

  /// Returns why nothing can be sent any more; mostly nothing.
  std::string send_some() {
    for (;;) {
      if (at_ == chunk_.bytes().size()) {
        const ipc::MutexLock lock(mutex_);
        chunk_ = {};
        at_ = 0;
        if (out_.empty()) return {};
        chunk_ = out_.pop();
      }
      const auto bytes = chunk_.bytes().subspan(at_);
      const ssize_t sent = os::send_bytes(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (sent >= 0) {
        at_ += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return {};
      } else if (errno != EINTR) {
        return std::string("its connection failed: ") + std::strerror(errno);
      }
    }
  }

  std::string receive_some(std::vector<std::byte>& buffer) {
    const std::span<std::byte> room = in_.room();  // of a large message: no copy, then
    const ssize_t got = room.empty() ? ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)
                                     : ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (got == 0) return "it has closed its connection";
    if (got < 0)
      return errno == EAGAIN || errno == EINTR ? "" : std::string("its connection failed: ") + std::strerror(errno);
    try {
      const auto take = [this](Message message) { peer_->receive(std::move(message)); };
      const auto size = static_cast<std::size_t>(got);
      if (!room.empty()) {
        in_.filled(size, take);
      } else {
        in_.push({buffer.data(), size}, take, [this](Message& message) { return peer_->make_room(message); });
      }
    } catch (const std::exception& error) {
      return std::string("what it sent cannot be taken: ") + error.what();
    }
    return {};
  }

  multiprocessing::detail::Descriptor socket_;
  multiprocessing::detail::Descriptor event_;
  NodePeer* peer_ = nullptr;
  ipc::Mutex mutex_;
  OutgoingBytes out_;
  bool is_lost_ = false;
  std::atomic<bool> leaving_{false};
  // The thread's own.
  OutgoingBytes::Chunk chunk_;
  std::size_t at_ = 0;
  IncomingBytes in_;
  std::thread thread_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
