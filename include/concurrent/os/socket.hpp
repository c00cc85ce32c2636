// SPDX-License-Identifier: BSL-1.0
// Sockets between processes of one machine. All close on exec, and a write to one whose other end is closed fails and
// sends no signal.
#pragma once

#include <concurrent/os/descriptor.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace concurrent::os::inline v0 {

/// Two connected ends that keep the borders of messages. False, and errno set: there are none to be had.
inline bool open_message_channel(int (&ends)[2]) noexcept {
  return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
}
/// A socket for a stream of bytes. -1, and errno set: there is none to be had.
inline int open_local_stream() noexcept { return above_streams(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
/// The next connection to a socket that listens. -1, and errno set: none.
inline int accept_stream(int listener) noexcept {
  return above_streams(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

/// Makes the address of a socket without a file, that is gone with the socket. What of `name` is too long is cut off.
inline socklen_t name_without_file(sockaddr_un& address, const char* name) noexcept {
  address.sun_family = AF_UNIX;
  address.sun_path[0] = '\0';
  const std::size_t length = ::strnlen(name, sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name, length);
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
}

/// As ::send and ::sendmsg.
inline ssize_t send_bytes(int socket, const void* data, std::size_t size, int flags = 0) noexcept {
  return ::send(socket, data, size, flags | MSG_NOSIGNAL);
}
inline ssize_t send_message(int socket, const msghdr& message) noexcept {
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}
/// As ::recvmsg; descriptors that come with it close on exec.
inline ssize_t receive_message(int socket, msghdr& message) noexcept {
  return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
}
/// As ::recv of a channel that keeps borders, but returns how long the message was, also where it had no room.
inline ssize_t receive_whole(int channel, void* data, std::size_t size, int flags) noexcept {
  return ::recv(channel, data, size, flags | MSG_TRUNC);
}
/// Whether the other end is closed, for a reader to whom a message without content looks the same.
inline bool has_hung_up(int channel) noexcept {
  pollfd watched{channel, POLLRDHUP, 0};
  return ::poll(&watched, 1, 0) < 0 || watched.revents != 0;
}

/// Whether the process at the other end is of this one's user.
inline bool is_of_same_user(int socket) noexcept {
  ucred other{};
  socklen_t size = sizeof other;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0 && other.uid == ::geteuid();
}
/// A number that no other socket has, if the system gives them; 0: it is none.
inline std::uint64_t number_of_socket(int descriptor) noexcept {
  std::uint64_t number = 0;
  socklen_t size = sizeof number;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &number, &size) == 0) return number;
  return errno == EBADF || errno == ENOTSOCK ? 0 : 1;
}

}  // namespace concurrent::os::inline v0
