// SPDX-License-Identifier: BSL-1.0
// Coverage and profiles of programs that were built for them: a worker leaves by _exit, at which nobody writes its
// counters.
#pragma once

#include <concurrent/version.hpp>

#include <sys/types.h>
#include <unistd.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// What the compilers' run-time libraries have, if the program was linked with one: GCC's, for --coverage and
// -fprofile-generate, and Clang's, for -fprofile-instr-generate and the same.
extern "C" {
void write_gcc_counters() __asm__("__gcov_exit") __attribute__((weak, visibility("hidden")));
int write_clang_counters() __asm__("__llvm_profile_write_file") __attribute__((weak));
void reset_clang_counters() __asm__("__llvm_profile_reset_counters") __attribute__((weak));
void name_clang_file() __asm__("__llvm_profile_initialize_file") __attribute__((weak));
}

/// In a program that counts, GCC puts a call of its own in the place of fork, which writes the counters and begins
/// anew. In strict modes of the language it knows fork by this name alone.
inline pid_t fork_counted() noexcept {
#if defined(__clang__)
  return ::fork();
#else
  return __builtin_fork();
#endif
}

/// In a worker at its start: what its caller has counted is its caller's to write, and where file names hold the
/// process, this is another one.
inline void begin_profile() noexcept {
  if (&reset_clang_counters != nullptr) reset_clang_counters();
  if (&name_clang_file != nullptr) name_clang_file();
}

/// In a worker that leaves in good order.
inline void write_profile() noexcept {
  if (&write_gcc_counters != nullptr) write_gcc_counters();
  if (&write_clang_counters != nullptr) write_clang_counters();
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
