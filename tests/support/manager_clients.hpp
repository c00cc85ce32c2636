// SPDX-License-Identifier: BSL-1.0
// For tests of a Manager's server: clients that say what they like.
#pragma once

#include <concurrent/multiprocessing/detail/manager_channel.hpp>
#include <concurrent/multiprocessing/detail/manager_link.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "support/holders.hpp"
#include "support/processes.hpp"

namespace support {

/// So that a global of this process that lives on is made before the first look.
struct WithManagerLinks {
  WithManagerLinks() { static_cast<void>(concurrent::multiprocessing::detail::ManagerLinks::instance()); }
};
class ManagerChecked : private WithManagerLinks, public HoldersChecked {};

/// A process's descriptors and threads.
inline std::pair<std::size_t, std::size_t> holdings(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  return {names_in(folder + "/fd").size(), names_in(folder + "/task").size()};
}
/// How many memory files a process has mapped.
inline std::size_t memory_files(pid_t process) {
  const std::string maps = read_text("/proc/" + std::to_string(process) + "/maps");
  std::size_t count = 0;
  for (std::size_t at = 0; (at = maps.find("memfd:", at)) != std::string::npos; ++at) ++count;
  return count;
}

template <class Body>
std::chrono::steady_clock::duration time_of(Body body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::steady_clock::now() - start;
}

/// A connection that a test speaks on as it likes.
class RawClient {
 public:
  using Frame = concurrent::multiprocessing::detail::ManagerFrame;
  using Words = concurrent::multiprocessing::detail::ManagerChannelWords;

  template <class Proxy>
  explicit RawClient(const Proxy& proxy, bool says_hello = true)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    using namespace concurrent::multiprocessing::detail;
    const std::vector<std::byte> bytes = concurrent::pickle::dumps(proxy);  // one byte, and then the manager's id
    SharedId id{};
    std::memcpy(id.data(), bytes.data() + 1, sizeof id);
    const ManagerAddress address(id);
    REQUIRE(::connect(socket_.get(), address.get(), address.size) == 0);
    timeval limit{10, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const ManagerHello hello{draw_shared_id()};
    if (says_hello) frame(Frame::Kind::hello, &hello, sizeof hello);
  }
  RawClient(RawClient&& other) noexcept
      : socket_(std::move(other.socket_)), words_(std::exchange(other.words_, nullptr)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (words_ != nullptr) ::munmap(words_, sizeof *words_);
  }

  void bytes(const void* data, std::size_t size) const {
    static_cast<void>(::send(socket_.get(), data, size, MSG_NOSIGNAL));
  }
  void frame(Frame::Kind kind, const void* data, std::size_t size) const {
    concurrent::multiprocessing::detail::send_frame(socket_.get(), kind, {static_cast<const std::byte*>(data), size});
  }
  /// What the server does: whether it answers, and does not hang up.
  bool answers() const {
    Frame frame;
    return concurrent::multiprocessing::detail::receive_frame(socket_.get(), frame) &&
           concurrent::multiprocessing::detail::skip_bytes(socket_.get(), frame.size);
  }
  /// Asks for the memory beside the socket; false: it is not given.
  bool ask_for_channel() {
    frame(Frame::Kind::channel, nullptr, 0);
    Frame answer;
    if (!concurrent::multiprocessing::detail::receive_frame_with(socket_.get(), answer, memory_) || !memory_.valid())
      return false;
    void* const mapped = ::mmap(nullptr, sizeof(Words), PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (mapped == MAP_FAILED) return false;
    words_ = static_cast<Words*>(mapped);
    return true;
  }
  /// That memory, and its descriptor.
  Words& words() const { return *words_; }
  int memory() const { return memory_.get(); }
  /// Posts a call there, without a bell.
  void post(const std::vector<std::byte>& call) const {
    words_->request.write(Frame::Kind::call, call);
    words_->request.number.fetch_add(1);
  }
  /// As whoever has posted should.
  void ring() const {
    words_->request.frames.fetch_add(1);
    frame(Frame::Kind::bell, nullptr, 0);
  }
  bool is_answered() const {
    return eventually([&] { return words_->answer.number.load() == words_->request.number.load(); },
                      std::chrono::seconds(10));
  }

 private:
  concurrent::multiprocessing::detail::Descriptor socket_;
  concurrent::multiprocessing::detail::Descriptor memory_;
  Words* words_ = nullptr;
};

}  // namespace support
