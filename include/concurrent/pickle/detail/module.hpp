// SPDX-License-Identifier: BSL-1.0
// The program and its shared libraries as this process has them loaded, each known by what identifies it in every
// process: its build id.
#pragma once

#include <concurrent/config.hpp>

#include <cstddef>
#include <cstdint>

namespace concurrent::pickle::inline v0 {
namespace detail {

struct Module {
  struct Range {
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
    bool holds(std::uintptr_t address) const noexcept { return address - low < high - low; }
  };

  std::uintptr_t base = 0;
  std::uint64_t id = 0;
  Range code;       // the first segment that can be executed
  Range more_code;  // a second one, which is rare
  Range all;        // everything that is loaded

  Range constants[6];      // what nobody can write to once the program runs; without relro also its variables
  bool has_relro = false;  // whether the linker has set relocated constants apart

  bool has_code(std::uintptr_t address) const noexcept { return code.holds(address) || more_code.holds(address); }
  bool has_constant(std::uintptr_t address, std::size_t size) const noexcept {
    for (const Range& range : constants) {
      if (range.holds(address) && size <= range.high - address) return true;
    }
    return false;
  }
};

// Where something is in every process that has loaded the same program or library.
struct Place {
  std::uint64_t module;
  std::uint64_t offset;
};

// The program itself, found once: it stays where it is.
const Module& main_module();

// Whoever has been told for good of something in a library must find it there: the library stays, also when it is
// closed. Does nothing for what the program itself holds.
void keep_loaded(const void* inside) noexcept;

}  // namespace detail
}  // namespace concurrent::pickle::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/pickle/detail/module.impl.hpp>
#endif
