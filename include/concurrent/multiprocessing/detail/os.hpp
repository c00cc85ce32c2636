// SPDX-License-Identifier: BSL-1.0
// What is made of the system's calls for processes that work together: with errors that say what to do, owners, and
// places where tests make them fail. The calls that not every system has are in concurrent/os, which a port changes;
// README.md there lists them.
#pragma once

#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/os/descriptor.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/os/process.hpp>
#include <concurrent/os/socket.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Throws std::system_error whose text names the call that failed and, where there is one, the limit behind it.
[[noreturn]] inline void throw_errno(int error, const char* call) {
  std::string text = std::string("concurrent::multiprocessing: ") + call + " failed";
  if (error == EMFILE || error == ENFILE) text += ". Too many descriptors are open: raise the limit (ulimit -n)";
  if (error == EAGAIN) text += ". Too many processes or threads, or no room for a stack (ulimit -u, -v, -s; pids.max)";
  if (error == EFBIG) text += ". The shared memory counts as a file: raise the limit (ulimit -f)";
  if (error == ENOMEM) text += ". Not enough memory or address space (ulimit -v, memory.max)";
  throw std::system_error(error, std::generic_category(), text);
}

/// Owns a descriptor. All of ours close on exec.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Gives the descriptor up without closing it.
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// What a call has returned, never as one of the standard streams. Not valid, and errno set, when there is none.
inline Descriptor owned(int fd) noexcept { return Descriptor(os::above_streams(fd)); }

/// Anonymous shared memory without a name in any file system.
inline Descriptor make_memfd(const char* name) {
  if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.memfd"); error != 0) throw_errno(error, "memfd_create");
  Descriptor file(os::open_memory_file(name));
  if (!file.valid()) throw_errno(errno, "memfd_create");
  return file;
}

/// A descriptor that becomes readable when the process ends. Not valid where the kernel has no such thing.
inline Descriptor open_pidfd(pid_t pid) noexcept { return Descriptor(os::open_process(pid)); }

/// False, and errno set: there is no number for one of them that is no stream's; neither is kept.
inline bool own_both(const int (&ends)[2], std::pair<Descriptor, Descriptor>& both) noexcept {
  both.first = owned(ends[0]);
  int error = errno;
  both.second = owned(ends[1]);
  if (both.first.valid()) error = errno;
  errno = error;
  return both.first.valid() && both.second.valid();
}

/// Two connected ends that keep the borders of messages.
inline std::pair<Descriptor, Descriptor> make_message_channel() {
  int ends[2];
  if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.socketpair"); error != 0)
    throw_errno(error, "socketpair");
  if (!os::open_message_channel(ends)) throw_errno(errno, "socketpair");
  std::pair<Descriptor, Descriptor> channel;
  if (!own_both(ends, channel)) throw_errno(errno, "socketpair");
  return channel;
}

/// A pipe: what is read, what is written. Neither valid when there are no more descriptors to be had.
inline std::pair<Descriptor, Descriptor> make_pipe() noexcept {
  int ends[2] = {-1, -1};
  if (!os::open_pipe(ends, O_NONBLOCK)) return {};
  std::pair<Descriptor, Descriptor> pipe;
  return own_both(ends, pipe) ? std::move(pipe) : std::pair<Descriptor, Descriptor>();
}

/// How much of a region of shared memory can be touched. The rest is reserved and no more: who has all its memory held
/// in place (mlockall), is watched word by word (valgrind) or written to a file pays for what is used alone.
class AccessiblePart {
 public:
  /// What lies before `end`, and a little more, becomes accessible to this process. False: the system refuses it.
  bool reach(std::span<std::byte> region, std::size_t end) noexcept {
    if (end <= size_) return true;
    constexpr std::size_t step = std::size_t{1} << 20;
    const std::size_t ahead = size_ + pickle::detail::least(size_, 64 * step);
    const std::size_t wanted =
        pickle::detail::least(region.size(), (pickle::detail::greatest(end, ahead) + step - 1) / step * step);
    if (::mprotect(region.data() + size_, wanted - size_, PROT_READ | PROT_WRITE) != 0) return false;
    size_ = wanted;
    return true;
  }

 private:
  std::size_t size_ = 0;
};

/// Waits for one child, through interruptions. -1 when it is not ours (any more).
inline pid_t wait_for(pid_t pid, int* status, int flags = 0) noexcept {
  for (;;) {
    const pid_t got = ::waitpid(pid, status, flags);
    if (got >= 0 || errno != EINTR) return got;
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
