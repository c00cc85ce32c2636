// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/descriptor.hpp>
#include <concurrent/os/open_files.hpp>
#include <concurrent/version.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <iosfwd>
#include <istream>
#include <ostream>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// std::cout by the name that the linker knows, and only if the program has it: including <iostream> would put its
// initialisation into every program.
#if defined(_LIBCPP_VERSION)
extern std::ostream program_cout __asm__("_ZNSt3__14coutE") __attribute__((weak));
extern std::ostream program_clog __asm__("_ZNSt3__14clogE") __attribute__((weak));
extern std::istream program_cin __asm__("_ZNSt3__13cinE") __attribute__((weak));
#else
extern std::ostream program_cout __asm__("_ZSt4cout") __attribute__((weak));
extern std::ostream program_clog __asm__("_ZSt4clog") __attribute__((weak));
extern std::istream program_cin __asm__("_ZSt3cin") __attribute__((weak));
#endif

/// A program that never includes <iostream> may have the stream without anybody having constructed it.
template <class Stream>
bool is_constructed(const Stream* stream) noexcept {
  if (stream == nullptr) return false;
  const void* first_word = nullptr;
  std::memcpy(static_cast<void*>(&first_word), static_cast<const void*>(stream), sizeof first_word);
  return first_word != nullptr;
}

inline void flush_stream(std::ostream* stream) noexcept {
  if (!is_constructed(stream)) return;
  try {
    if (stream->rdbuf() != nullptr) stream->flush();
  } catch (...) {  // the stream's own exceptions mask: what cannot be written is lost, as at any exit
  }
}

/// Writes out what the program has printed so far.
inline void flush_output() noexcept {
  flush_stream(&program_cout);
  flush_stream(&program_clog);
  if (os::has_unwritten(stdout)) std::fflush(stdout);
}

/// At a worker's orderly end: writes out what its tasks have written to files by way of the C library. Not what a
/// thread that a task has left behind is just writing to: to wait for it might take for ever.
inline void flush_files() noexcept {
  flush_output();
  os::flush_all_but_locked();
}

/// In a worker, which has one thread yet: drops what was written before the fork and is in buffers still. It is the
/// parent's to write.
inline void drop_inherited_output() noexcept { os::drop_all_unwritten(); }

/// In a worker: standard input is empty. It takes nothing away that the caller would read, and does not read again what
/// the caller has in its buffer.
inline void empty_input() noexcept {
  int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int ends[2];
  if (nothing < 0 && os::open_pipe(ends)) {  // without a /dev
    ::close(ends[1]);
    nothing = ends[0];
  }
  if (nothing != STDIN_FILENO && nothing >= 0) {
    ::dup2(nothing, STDIN_FILENO);  // does not close on exec: what a task starts has it, too
    ::close(nothing);
  } else if (nothing == STDIN_FILENO) {
    ::fcntl(STDIN_FILENO, F_SETFD, 0);
  }
  os::drop_buffer(stdin);
  if (!is_constructed(&program_cin)) return;
  try {
    std::streambuf* const buffer = program_cin.rdbuf();
    for (std::streamsize left = buffer == nullptr ? 0 : buffer->in_avail(); left > 0; --left) buffer->sbumpc();
  } catch (...) {  // the program's own buffer: it does as it likes
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
