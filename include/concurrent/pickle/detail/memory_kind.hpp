// SPDX-License-Identifier: BSL-1.0
// What kind of memory an address is in, as far as another process is concerned.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/pickle/detail/module.hpp>
#include <concurrent/pickle/detail/stack.hpp>

#include <cstdint>

#include <sys/types.h>

namespace concurrent::pickle::inline v0 {
namespace detail {

enum class MemoryKind {
  none,      // there is nothing
  constant,  // nobody writes there: functions, literals, constants, files that are mapped to be read
  shared,    // another process that has this mapping sees the same
  own,       // this process alone writes there: its stacks, heap, variables
  later,     // constant or shared, but mapped since the process was forked that the other one has its memory from
};

// Asks the system: see memory_map.hpp. `parent`, where it is not 0, is a fork of this process from which the other one
// has its memory.
MemoryKind find_memory_kind(std::uintptr_t address, pid_t parent) noexcept;
// Whether `parent` has anything there. True also where the system does not say.
bool find_in_fork(std::uintptr_t address, pid_t parent) noexcept;

// Whether a fresh image of this program has the same there, as far from its beginning.
inline bool is_constant_of_program(std::uintptr_t address) noexcept {
  const Module& program = main_module();
  return program.has_code(address) || (program.has_relro && program.has_constant(address, 1));
}

// No answer about this process is remembered, since a mapping may be another one by the next call. What is found
// without asking is what cannot change: this thread's stack, and what the program has that is constant.
inline MemoryKind memory_kind(std::uintptr_t address, pid_t parent = 0) noexcept {
  constexpr std::uintptr_t lowest = 65536;  // where Linux begins to map
  constexpr std::uintptr_t beyond = std::uintptr_t{1} << (sizeof(address) * 8 - 8);
  if (address < lowest || address >= beyond) return MemoryKind::none;
  if (is_constant_of_program(address)) return MemoryKind::constant;
  if (is_on_stack(address)) return MemoryKind::own;
  return find_memory_kind(address, parent);
}

// Whether a fork has memory at this process's address: nothing else is known of what it has inherited.
inline bool is_in_fork(std::uintptr_t address, pid_t parent) noexcept {
  return parent == 0 || address == 0 || main_module().all.holds(address) || find_in_fork(address, parent);
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/pickle/detail/memory_map.hpp>
#endif
