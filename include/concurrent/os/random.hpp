// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <sys/auxv.h>
#include <sys/random.h>

#include <cstddef>

namespace concurrent::os::inline v0 {

/// Fills `bytes`, at most 256, with what nobody can guess. Blocks while the system has just been started, or else fails
/// then. False, and errno set: it was interrupted, or there is no chance to be had.
inline bool draw_random(void* bytes, std::size_t size, bool may_block) noexcept {
  return ::getrandom(bytes, size, may_block ? 0 : GRND_NONBLOCK) == static_cast<ssize_t>(size);
}

/// 16 random bytes that this image of the program was given, and that forks have from their parent; null: none.
inline const void* random_of_image() noexcept { return reinterpret_cast<const void*>(::getauxval(AT_RANDOM)); }

}  // namespace concurrent::os::inline v0
