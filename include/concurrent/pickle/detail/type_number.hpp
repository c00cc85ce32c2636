// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>
#include <typeinfo>

namespace concurrent::pickle::inline v0::detail {

// A number for a type, the same in all processes and files of a program (FNV-1a of its mangled name). Not of how a
// compiler spells it: in a file that has said std::deque<int, std::allocator<int>> first, GCC spells std::deque<int>
// so, too.
template <class T>
std::uint64_t type_number() noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char* c = typeid(T).name(); *c != '\0'; ++c)
    hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001b3;
  return hash;
}

}  // namespace concurrent::pickle::inline v0::detail
