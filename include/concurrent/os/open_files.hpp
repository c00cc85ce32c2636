// SPDX-License-Identifier: BSL-1.0
// What the C library's files have in their buffers.
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstdio>

namespace concurrent::os::inline v0 {

// What is needed of <stdio_ext.h>, by names of our own as in pickle/detail/cxxabi.hpp.
extern "C" std::size_t concurrent_futures_pending(std::FILE* file) noexcept __asm__("__fpending");
extern "C" void concurrent_futures_purge(std::FILE* file) noexcept __asm__("__fpurge");

#if defined(__GLIBC__)
// The C library's list of open files, which each holds the next, and the lock that guards it.
extern "C" {
extern std::FILE* open_files __asm__("_IO_list_all") __attribute__((weak));
void lock_open_files() __asm__("_IO_list_lock") __attribute__((weak));
void unlock_open_files() __asm__("_IO_list_unlock") __attribute__((weak));
}
#endif

/// Whether something was written to a file and not yet to the system.
inline bool has_unwritten(std::FILE* file) noexcept { return concurrent_futures_pending(file) != 0; }
/// Drops what is in its buffer, read or to be written.
inline void drop_buffer(std::FILE* file) noexcept { concurrent_futures_purge(file); }

/// Writes out what all files have in their buffers, where the C library says which there are. Not what another thread
/// is just writing to: to wait for it might take for ever.
inline void flush_all_but_locked() noexcept {
#if defined(__GLIBC__)
  if (&open_files == nullptr || &lock_open_files == nullptr || &unlock_open_files == nullptr) return;
  lock_open_files();
  for (std::FILE* file = open_files; file != nullptr; file = file->_chain) {
    if (!has_unwritten(file) || ::ftrylockfile(file) != 0) continue;
    ::fflush_unlocked(file);
    ::funlockfile(file);
  }
  unlock_open_files();
#endif
}

/// In a process with one thread: drops what is to be written.
inline void drop_all_unwritten() noexcept {
  drop_buffer(stdout);
#if defined(__GLIBC__)
  if (&open_files == nullptr) return;
  for (std::FILE* file = open_files; file != nullptr; file = file->_chain) {
    if (has_unwritten(file)) drop_buffer(file);
  }
#endif
}

}  // namespace concurrent::os::inline v0
