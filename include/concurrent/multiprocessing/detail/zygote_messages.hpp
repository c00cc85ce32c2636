// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/socket.hpp>

#include <sys/types.h>

#include <cerrno>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Marks a message of ours: a program may print into a channel, or write to one as to a file of its own.
inline constexpr std::uint64_t message_magic = 0x6c'65'6e'6e'61'68'63'63;

/// What the caller asks its zygote for. One message a packet.
struct ZygoteRequest {
  enum class Kind : std::uint32_t { start, signal, sync, quit };

  Kind kind = Kind::quit;
  std::uint32_t worker = 0;  // the slot that the worker takes or has
  std::uint64_t serial = 0;  // which of all the workers that this pool ever starts; sync: repeated in the answer
  std::int32_t signal = 0;   // for Kind::signal
  std::uint32_t name = 0;    // the number in the process's name
  std::uint64_t magic = message_magic;
};

/// What the zygote tells.
struct ZygoteReport {
  enum class Kind : std::uint32_t { ready, started, ended, start_failed, synced };

  Kind kind = Kind::ready;
  std::uint32_t worker = 0;
  std::uint64_t serial = 0;
  std::int32_t pid = 0;
  std::int32_t status = 0;     // ended: as waitpid gives it; start_failed: errno
  std::uint64_t executed = 0;  // ended: it had become another program and was killed for that
  std::uint64_t magic = message_magic;
};

/// With this status a zygote ends whose channel was closed although nobody told it to end.
inline constexpr int channel_was_closed = 118;

enum class Taken { message, nothing, end };

/// Takes the next message off a channel. What is none is dropped; `nothing`: there is none, or only for now (errno).
template <class Message>
Taken take_message(int channel, Message& message, int flags) noexcept {
  for (;;) {
    const ssize_t size = os::receive_whole(channel, &message, sizeof message, flags);
    if (size == static_cast<ssize_t>(sizeof message) && message.magic == message_magic) return Taken::message;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? Taken::nothing : Taken::end;
    if (size == 0 && os::has_hung_up(channel)) return Taken::end;  // a packet without content looks like the end
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
