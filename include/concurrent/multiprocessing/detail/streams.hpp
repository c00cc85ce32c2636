// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <stdio_ext.h>

#include <cstdio>
#include <cstring>
#include <iosfwd>
#include <ostream>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// std::cout by the name that the linker knows, and only if the program has it: including <iostream> would put its
// initialisation into every program.
#if defined(_LIBCPP_VERSION)
extern std::ostream program_cout __asm__("_ZNSt3__14coutE") __attribute__((weak));
extern std::ostream program_clog __asm__("_ZNSt3__14clogE") __attribute__((weak));
#else
extern std::ostream program_cout __asm__("_ZSt4cout") __attribute__((weak));
extern std::ostream program_clog __asm__("_ZSt4clog") __attribute__((weak));
#endif

inline void flush_stream(std::ostream* stream) noexcept {
  if (stream == nullptr) return;
  // A program that never includes <iostream> may have the stream without anybody having constructed it.
  const void* first_word = nullptr;
  std::memcpy(&first_word, static_cast<const void*>(stream), sizeof first_word);
  if (first_word == nullptr) return;
  try {
    if (stream->rdbuf() != nullptr) stream->flush();
  } catch (...) {  // the stream's own exceptions mask: what cannot be written is lost, as at any exit
  }
}

/// Writes out what the program has printed so far.
inline void flush_output() noexcept {
  flush_stream(&program_cout);
  flush_stream(&program_clog);
  if (::__fpending(stdout) != 0) std::fflush(stdout);
}

/// Drops what was printed before a fork and not written yet: it is the parent's to write.
inline void drop_inherited_output() noexcept { ::__fpurge(stdout); }

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
