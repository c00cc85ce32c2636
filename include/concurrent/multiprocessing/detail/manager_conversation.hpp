// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/managed_object.hpp>
#include <concurrent/multiprocessing/detail/manager_channel.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/detail/manager_session.hpp>
#include <concurrent/multiprocessing/detail/run_one_call.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/exception.hpp>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// In a Manager's server: what a thread that runs a call is about.
struct RunningManagerCall {
  ManagerSession* session = nullptr;
  std::vector<std::shared_ptr<ManagedObject>>* answered = nullptr;  // objects whose proxies are in the answer
  ObjectId target = 0;

  static RunningManagerCall*& here() noexcept {
    static thread_local RunningManagerCall* call = nullptr;
    return call;
  }
};

/// In a Manager's server: what is said on one connection, by one thread, after its client has said whose it is.
class ManagerConversation {
 public:
  /// `running`: how many calls run in this server.
  ManagerConversation(int socket, std::shared_ptr<ManagerSession> session, std::atomic<int>& running) noexcept
      : socket_(socket), session_(std::move(session)), running_(running) {}
  ManagerConversation(const ManagerConversation&) = delete;
  ManagerConversation& operator=(const ManagerConversation&) = delete;

  /// Answers, until the client is gone or talks nonsense. True: it knows the secret, and asks the server to end.
  bool run(const SharedId& secret) {
    ManagerFrame frame;
    while (request_comes(frame)) {
      ManagerRelease release;
      SharedId said{};
      switch (frame.kind) {
        case ManagerFrame::Kind::call:
          if (!answer_call(frame)) return false;
          break;
        case ManagerFrame::Kind::release:
          if (!receive(frame, release)) return false;
          forget_answer();
          session_->release(release);
          break;
        case ManagerFrame::Kind::channel:
          if (frame.size != 0 || !offer_channel()) return false;
          break;
        case ManagerFrame::Kind::bell:  // it may come late, for a call that has been answered
          if (frame.size != 0) return false;
          break;
        case ManagerFrame::Kind::quit:
          return receive(frame, said) && said == secret;
        default:
          return false;
      }
    }
    return false;
  }

 private:
  template <class Content>
  bool receive(const ManagerFrame& frame, Content& content) noexcept {
    return frame.size == sizeof content && receive_exactly(socket_, &content, sizeof content);
  }

  /// Answers what comes by the channel, until there is a frame on the socket. False: the client is gone.
  bool request_comes(ManagerFrame& frame) {
    while (channel_.valid() && request_is_posted()) {
      if (!answer_posted()) return false;
    }
    if (!receive_frame(socket_, frame)) return false;
    if (channel_.valid()) {
      channel_.server_wakes();
      ++frames_;
    }
    return true;
  }
  /// False: the socket is to be read, and the client knows.
  bool request_is_posted() {
    polling_.until([this] { return channel_.has_request() || channel_.has_frame(frames_); }, channel_.client_is_here());
    if (channel_.has_frame(frames_)) return false;
    if (channel_.has_request()) return true;
    channel_.server_sleeps();
    if (!channel_.has_request()) return false;
    channel_.server_wakes();  // if the client has seen it, a bell comes, and is announced
    return true;
  }

  /// False: the client is gone.
  bool offer_channel() noexcept {
    if (channel_.valid()) return false;
    Descriptor file;
    channel_ = ManagerChannel::make(file);
    if (channel_.valid() && send_frame_with(socket_, ManagerFrame::Kind::channel, file)) return true;
    const std::int32_t error = errno;
    channel_ = ManagerChannel();
    return error != EPIPE && error != EPROTO &&
           send_frame(socket_, ManagerFrame::Kind::refused, std::as_bytes(std::span(&error, 1)));
  }

  bool answer_call(const ManagerFrame& frame) {
    pickle::detail::VectorWriter writer;
    bool whole = true;
    const auto kind = run_call(writer, [&] {
      whole = request_.receive(socket_, frame.size);
      return whole && frame.checksum_of(request_.bytes()) == frame.checksum;
    });
    request_.trim();
    return whole && send_frame(socket_, kind, {writer.data(), writer.size()});
  }
  bool answer_posted() {
    pickle::detail::VectorWriter writer;
    bool whole = true;
    const auto kind = run_call(writer, [&] {
      ManagerFrame frame;
      whole = channel_.read_request(frame, request_);
      return whole && frame.checksum_of(request_.bytes()) == frame.checksum;
    });
    if (!whole) return false;
    const std::span<const std::byte> answer(writer.data(), writer.size());
    if (answer.size() > ManagerChannel::most) {
      channel_.post_that_answer_follows();
      return send_frame(socket_, kind, answer);
    }
    return !channel_.post_answer(kind, answer) || send_frame(socket_, ManagerFrame::Kind::bell, {});
  }

  /// The client has loaded the last one: it says something else.
  void forget_answer() noexcept {
    answered_.clear();
    kept_.clear();
  }

  /// `receive()` puts the call into request_, and says whether it is whole.
  template <class Receive>
  ManagerFrame::Kind run_call(pickle::Writer& writer, Receive receive) {
    forget_answer();
    writer.keep_what_is_sent();
    RunningManagerCall call{session_.get(), &answered_, 0};
    running_.fetch_add(1);
    RunningManagerCall::here() = &call;
    const auto bytes = [&] {
      if (!receive())
        throw pickle::UnpicklingError("concurrent::multiprocessing: the call was not run: its bytes are damaged.");
      return request_.bytes();
    };
    std::atomic<std::uint32_t> phase{0};
    const Outcome outcome = run_one_call(bytes, writer, phase);
    RunningManagerCall::here() = nullptr;
    kept_ = writer.take_kept();
    flush_output();
    running_.fetch_sub(1);
    return outcome == Outcome::value ? ManagerFrame::Kind::value : ManagerFrame::Kind::exception;
  }

  int socket_;
  std::shared_ptr<ManagerSession> session_;
  std::atomic<int>& running_;
  ManagerChannel channel_;
  std::uint32_t frames_ = 0;  // read since there is a channel
  ManagerPolling polling_;
  ReceivedBytes request_;
  std::vector<std::shared_ptr<ManagedObject>> answered_;
  pickle::Writer::Kept kept_;  // shared memory that the answer names
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
