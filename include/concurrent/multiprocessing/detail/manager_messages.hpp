// SPDX-License-Identifier: BSL-1.0
// How a Manager's clients and its server talk: frames on a stream socket, each a header and the bytes it tells of.
//
// Both sides believe nothing that the other says. A size is a promise: memory is taken as the bytes arrive.
#pragma once

#include <concurrent/multiprocessing/detail/message_checksum.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/shared_name.hpp>
#include <concurrent/os/socket.hpp>

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Which server: what it was called when it was made, and its process.
struct ManagerId {
  SharedId id{};
  std::int32_t pid = 0;

  friend bool operator==(const ManagerId& a, const ManagerId& b) noexcept { return a.id == b.id; }
};

/// Of an object within a server; never used twice.
using ObjectId = std::uint64_t;

struct ManagerFrame {
  static constexpr std::uint32_t expected_magic = 0x726d6363;  // "ccmr"
  enum class Kind : std::uint32_t {
    hello = 1,  // client: ManagerHello, once, before anything else
    call,       // client: a pickled call; answered
    release,    // client: ManagerRelease; no answer
    quit,       // client: the manager's secret; no answer
    value,      // server: the pickled result
    exception,  // server: the pickled exception
    refused,    // server: an errno; no thread or memory for this client
    channel,    // client: asks for the short way (manager_channel.hpp); server: here is its descriptor
    bell,       // both: look into the channel
    follows     // server, in the channel alone: the answer comes over the socket
  };

  std::uint32_t magic = expected_magic;
  Kind kind = Kind::call;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;  // of how a call or an answer begins, where what it means stands

  static ManagerFrame of(Kind kind, std::span<const std::byte> bytes) noexcept {
    ManagerFrame frame;
    frame.kind = kind;
    frame.size = bytes.size();
    frame.checksum = frame.checksum_of(bytes);
    return frame;
  }
  std::uint64_t checksum_of(std::span<const std::byte> bytes) const noexcept {
    constexpr std::size_t most = 4096;
    return message_checksum(size ^ static_cast<std::uint64_t>(kind), bytes.data(), (std::min)(bytes.size(), most));
  }
};
static_assert(sizeof(ManagerFrame) == 24);

/// Of which process this connection is: all of one name the same number, which nobody else can know.
struct ManagerHello {
  SharedId session{};
};
/// A handle has gone that was sent `sent` times.
struct ManagerRelease {
  ObjectId object = 0;
  std::uint64_t sent = 0;
};

/// The address of a server: in the abstract namespace of sockets, which is no file system. Gone with the server.
struct ManagerAddress {
  sockaddr_un address{};
  socklen_t size = 0;

  explicit ManagerAddress(const SharedId& id) noexcept {
    char name[64];
    std::snprintf(name, sizeof name, "concurrent_futures-%016llx%016llx", static_cast<unsigned long long>(id[0]),
                  static_cast<unsigned long long>(id[1]));
    size = os::name_without_file(address, name);
  }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&address); }
};

/// Sends a frame. Blocks while the other side does not read. False: it is gone.
inline bool send_frame(int socket, ManagerFrame::Kind kind, std::span<const std::byte> bytes) noexcept {
  ManagerFrame frame = ManagerFrame::of(kind, bytes);
  iovec parts[2] = {{&frame, sizeof frame}, {const_cast<std::byte*>(bytes.data()), bytes.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  while (message.msg_iovlen != 0) {
    const ssize_t sent = os::send_message(socket, message);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    auto left = static_cast<std::size_t>(sent);
    while (message.msg_iovlen != 0 && left >= message.msg_iov->iov_len) {
      left -= message.msg_iov->iov_len;
      ++message.msg_iov;
      --message.msg_iovlen;
    }
    if (message.msg_iovlen != 0) {
      message.msg_iov->iov_base = static_cast<std::byte*>(message.msg_iov->iov_base) + left;
      message.msg_iov->iov_len -= left;
    }
  }
  return true;
}

/// Sends a frame without bytes, and a descriptor with it. False, and errno set: it could not.
inline bool send_frame_with(int socket, ManagerFrame::Kind kind, const Descriptor& descriptor) noexcept {
  ManagerFrame frame = ManagerFrame::of(kind, {});
  iovec part{&frame, sizeof frame};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  const int sent_one = descriptor.get();
  std::memcpy(CMSG_DATA(head), &sent_one, sizeof sent_one);
  for (;;) {
    const ssize_t sent = os::send_message(socket, message);
    if (sent == sizeof frame) return true;
    if (sent >= 0) errno = EPROTO;
    if (sent >= 0 || errno != EINTR) return false;
  }
}

/// False: the other side is gone.
inline bool receive_exactly(int socket, void* data, std::size_t size) noexcept {
  auto* to = static_cast<std::byte*>(data);
  while (size != 0) {
    const ssize_t got = ::recv(socket, to, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// False: the other side is gone, or it is no frame.
inline bool receive_frame(int socket, ManagerFrame& frame) noexcept {
  return receive_exactly(socket, &frame, sizeof frame) && frame.magic == ManagerFrame::expected_magic;
}

/// Likewise, and the descriptor that came with it, if one did and this process has room for one.
inline bool receive_frame_with(int socket, ManagerFrame& frame, Descriptor& descriptor) noexcept {
  iovec part{&frame, sizeof frame};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = os::receive_message(socket, message);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  const cmsghdr* const head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
      head->cmsg_len == CMSG_LEN(sizeof(int))) {
    int received = -1;
    std::memcpy(&received, CMSG_DATA(head), sizeof received);
    descriptor = owned(received);
  }
  const auto size = static_cast<std::size_t>(got);
  return receive_exactly(socket, reinterpret_cast<std::byte*>(&frame) + size, sizeof frame - size) &&
         frame.magic == ManagerFrame::expected_magic;
}

/// Reads `size` bytes and drops them. False: the other side is gone.
inline bool skip_bytes(int socket, std::uint64_t size) noexcept {
  std::byte bytes[4096];
  while (size != 0) {
    const std::size_t part = static_cast<std::size_t>((std::min<std::uint64_t>)(size, sizeof bytes));
    if (!receive_exactly(socket, bytes, part)) return false;
    size -= part;
  }
  return true;
}

/// What was received: aligned, so that it can be read in place.
class ReceivedBytes {
 public:
  std::span<const std::byte> bytes() const noexcept { return {data_.get(), size_}; }

  /// Receives `size` bytes. False: the other side is gone.
  /// Throws: std::bad_alloc, when what was promised has been read all the same.
  bool receive(int socket, std::uint64_t size) {
    size_ = 0;
    while (size_ < size) {
      if (size_ == capacity_ && !grow(size)) {
        if (!skip_bytes(socket, size - size_)) return false;
        throw std::bad_alloc();
      }
      const auto part = static_cast<std::size_t>((std::min<std::uint64_t>)(size - size_, capacity_ - size_));
      if (!receive_exactly(socket, data_.get() + size_, part)) return false;
      size_ += part;
    }
    return true;
  }

  /// Copies what lies elsewhere.
  /// Throws: std::bad_alloc.
  void copy(std::span<const std::byte> from) {
    size_ = 0;
    while (capacity_ < from.size()) {
      if (!grow(from.size())) throw std::bad_alloc();
    }
    if (!from.empty()) std::memcpy(data_.get(), from.data(), from.size());
    size_ = from.size();
  }

  /// Gives a large buffer back.
  void trim() noexcept {
    size_ = 0;
    if (capacity_ <= kept) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t first = 4096;
  static constexpr std::size_t kept = std::size_t{64} << 10;
  static constexpr std::size_t trusted = std::size_t{1} << 20;  // taken at once because the other says so

  struct Free {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };

  bool grow(std::uint64_t wanted) noexcept {
    std::uint64_t next = (std::max<std::uint64_t>)(first, 2 * std::uint64_t{capacity_});
    next = (std::max)(next, (std::min<std::uint64_t>)(wanted, trusted));
    next = (next + alignment - 1) / alignment * alignment;
    std::unique_ptr<std::byte, Free> grown(static_cast<std::byte*>(std::aligned_alloc(alignment, next)));
    if (!grown) return false;
    if (size_ != 0) std::memcpy(grown.get(), data_.get(), size_);
    data_ = std::move(grown);
    capacity_ = next;
    return true;
  }

  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
