// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/random.hpp>
#include <concurrent/pickle/detail/golden_ratio.hpp>
#include <concurrent/pickle/errors.hpp>

#include <cstdint>
#include <cstring>
#include <string>

namespace concurrent::pickle::inline v0::detail {

[[noreturn, gnu::noinline, gnu::cold]] inline void refuse_inherited(const std::string& who) {
  throw PicklingError(who +
                      " memory that only forks of this process inherit (cf::inherited). Use an executor with the start "
                      "method \"fork\", or send the value itself.");
}

[[noreturn, gnu::noinline, gnu::cold]] inline void refuse_later_inherited(const std::string& who) {
  throw PicklingError(who +
                      " memory (cf::inherited) that was mapped after the executor was made, so that its workers have "
                      "inherited none. Make the executor after the memory, or send the value itself.");
}

// Shows that an address was written by this process or by one that has the same memory: the system gives each image
// random bytes of its own, and forks have those of their parent.
inline std::uint64_t sign_inherited(std::uintptr_t address) noexcept {
  std::uint64_t key[2] = {golden_ratio, 0xC2B2AE3D27D4EB4Fu};
  if (const void* const random = os::random_of_image(); random != nullptr) std::memcpy(key, random, sizeof key);
  std::uint64_t sum = (address ^ key[0]) * golden_ratio;
  sum = (sum ^ sum >> 29 ^ key[1]) * 0xBF58476D1CE4E5B9u;
  return sum ^ sum >> 32;
}

}  // namespace concurrent::pickle::inline v0::detail
