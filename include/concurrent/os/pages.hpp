// SPDX-License-Identifier: BSL-1.0
// What becomes of mapped pages.
#pragma once

#include <concurrent/version.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace concurrent::os::inline v0 {

/// Maps a file as shared memory that nobody can touch yet and that is not counted as used. MAP_FAILED: no room.
inline void* reserve_shared(int file, std::size_t size) noexcept {
  return ::mmap(nullptr, size, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0);
}

/// Memory for a stack, which is not counted as used. MAP_FAILED: no room.
inline void* reserve_stack(std::size_t size) noexcept {
  constexpr int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  return ::mmap(nullptr, size, PROT_READ | PROT_WRITE, kind, -1, 0);
}

/// How much memory the machine has; at least a page.
inline std::uint64_t machine_memory() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  return static_cast<std::uint64_t>(pages < 1 ? 1 : pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

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
    // Else an older kernel, or a sandbox: pages come as they are touched.
    return errno != ENOMEM && errno != EFAULT && errno != EHWPOISON;
  }
  return true;
#undef CONCURRENT_FUTURES_MADV_POPULATE_WRITE
}

/// Whether [first, first + size) begins and ends where pages do: the kernel takes a part of one for all of it.
inline bool is_whole_pages(const void* first, std::size_t size,
                           std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) noexcept {
  return (reinterpret_cast<std::uintptr_t>(first) | size) % page == 0;
}

/// Gives the pages of shared memory back; they read as zero afterwards. False: they are as they were.
inline bool give_back(void* first, std::size_t size) noexcept { return ::madvise(first, size, MADV_REMOVE) == 0; }
/// A forked child does not have these pages. False: it has.
inline bool keep_from_forks(void* first, std::size_t size) noexcept {
  return ::madvise(first, size, MADV_DONTFORK) == 0;
}
/// A forked child has these pages, but zeros in them, whichever way it was forked. False: it has what its parent has.
inline bool wipe_in_forks(void* first, std::size_t size) noexcept {
  return ::madvise(first, size, MADV_WIPEONFORK) == 0;
}
/// Core dumps do not have these pages.
inline void keep_from_dumps(void* first, std::size_t size) noexcept { ::madvise(first, size, MADV_DONTDUMP); }
/// Asks for large pages. Only a wish: where the system has none, nothing changes.
inline void prefer_large_pages(void* first, std::size_t size) noexcept { ::madvise(first, size, MADV_HUGEPAGE); }

}  // namespace concurrent::os::inline v0
