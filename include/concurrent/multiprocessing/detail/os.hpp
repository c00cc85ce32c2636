// SPDX-License-Identifier: BSL-1.0
// The calls that only Linux has, each behind a name that says what it is for. A port to another system changes this
// file and futex.hpp.
#pragma once

#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/pickle/detail/above_streams.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <fcntl.h>
#include <linux/memfd.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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
  if (error == EAGAIN) text += ". Too many processes or threads: raise the limit (ulimit -u, pids.max)";
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
inline Descriptor owned(int fd) noexcept { return Descriptor(pickle::detail::above_streams(fd)); }

/// Anonymous shared memory without a name in any file system.
inline Descriptor make_memfd(const char* name) {
  if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.memfd"); error != 0) throw_errno(error, "memfd_create");
  const int fd = static_cast<int>(::syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  Descriptor file = owned(fd);
  if (!file.valid()) throw_errno(errno, "memfd_create");
  // Was it a stream for a moment, another thread may have printed into it.
  if (file.get() != fd && ::ftruncate(file.get(), 0) != 0) throw_errno(errno, "ftruncate of shared memory");
  return file;
}

/// A descriptor that becomes readable when the process ends. Not valid where the kernel has no such thing.
inline Descriptor open_pidfd(pid_t pid) noexcept {
#ifdef SYS_pidfd_open
  return owned(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
#else
  return Descriptor();
#endif
}

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
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw_errno(errno, "socketpair");
  std::pair<Descriptor, Descriptor> channel;
  if (!own_both(ends, channel)) throw_errno(errno, "socketpair");
  return channel;
}

/// A pipe: what is read, what is written. Neither valid when there are no more descriptors to be had.
inline std::pair<Descriptor, Descriptor> make_pipe() noexcept {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return {};
  std::pair<Descriptor, Descriptor> pipe;
  return own_both(ends, pipe) ? std::move(pipe) : std::pair<Descriptor, Descriptor>();
}

/// Whether a process has nothing at `address`: after an exec it has none of its former memory. Not sure: false.
inline bool is_unmapped_in(pid_t pid, std::uint64_t address) noexcept {
  std::uint64_t word = 0;
  iovec here{&word, sizeof word};
  iovec there{reinterpret_cast<void*>(address), sizeof word};
  return ::syscall(SYS_process_vm_readv, static_cast<long>(pid), &here, 1L, &there, 1L, 0L) < 0 && errno == EFAULT;
}

/// A thread's and process's name as `ps` and /proc/PID/comm show it: 15 characters.
inline void set_process_title(const char* name) noexcept { ::prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Whether a process would go on if it were given a processor. Not known (no /proc): false.
inline bool waits_for_processor(pid_t pid) noexcept {
  char text[256];
  std::snprintf(text, sizeof text, "/proc/%d/stat", pid);
  const Descriptor file = owned(::open(text, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.valid() ? ::read(file.get(), text, sizeof text - 1) : 0;
  if (size <= 0) return false;
  text[size] = '\0';
  const char* const name_end = std::strrchr(text, ')');  // the name may hold anything, blanks and brackets too
  return name_end != nullptr && std::strncmp(name_end, ") R", 3) == 0;
}

/// Whether a process ignores a signal. Not known (no /proc): false.
inline bool is_ignored_in(pid_t pid, int number) noexcept {
  char text[4096];
  std::snprintf(text, sizeof text, "/proc/%d/status", pid);
  const Descriptor file = owned(::open(text, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.valid() ? ::read(file.get(), text, sizeof text - 1) : 0;
  if (size <= 0) return false;
  text[size] = '\0';
  const char* const field = std::strstr(text, "\nSigIgn:");
  return field != nullptr && (std::strtoull(field + 8, nullptr, 16) & signal_bit(number)) != 0;
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

/// Touches fresh pages of [first, first + size) at once. False: the system has no memory for them (a later write
/// would have been answered with a signal). At the limit of a memory cgroup the kernel ends a process of the group
/// instead, here as there.
inline bool populate(void* first, std::size_t size) noexcept {
#ifndef MADV_POPULATE_WRITE
#define CONCURRENT_FUTURES_MADV_POPULATE_WRITE 23
#else
#define CONCURRENT_FUTURES_MADV_POPULATE_WRITE MADV_POPULATE_WRITE
#endif
  while (::madvise(first, size, CONCURRENT_FUTURES_MADV_POPULATE_WRITE) != 0) {
    if (errno == EINTR || errno == EAGAIN) continue;
    return errno == EINVAL || errno == ENOSYS;  // an older kernel: pages come as they are touched
  }
  return true;
#undef CONCURRENT_FUTURES_MADV_POPULATE_WRITE
}

/// Whether [first, first + size) begins and ends where pages do: the kernel takes a part of one for all of it.
inline bool is_whole_pages(const void* first, std::size_t size,
                           std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) noexcept {
  return (reinterpret_cast<std::uintptr_t>(first) | size) % page == 0;
}

/// Gives the pages of shared memory back; they read as zero afterwards.
inline void give_back(void* first, std::size_t size) noexcept { ::madvise(first, size, MADV_REMOVE); }

/// Waits for one child, through interruptions. -1 when it is not ours (any more).
inline pid_t wait_for(pid_t pid, int* status, int flags = 0) noexcept {
  for (;;) {
    const pid_t got = ::waitpid(pid, status, flags);
    if (got >= 0 || errno != EINTR) return got;
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
