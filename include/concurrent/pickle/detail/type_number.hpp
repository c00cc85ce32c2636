// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/loaded_modules.hpp>
#include <concurrent/version.hpp>

#include <cstdint>
#include <cstring>
#include <typeinfo>

namespace concurrent::pickle::inline v0::detail {

// A number for a type, the same in all processes and files of a program (a hash of its mangled name). Not of how a
// compiler spells it: in a file that has said std::deque<int, std::allocator<int>> first, GCC spells std::deque<int>
// so, too.
template <class T>
std::uint64_t type_number() noexcept {
  const char* const name = typeid(T).name();
  return os::hash_bytes(name, std::strlen(name));
}

}  // namespace concurrent::pickle::inline v0::detail
