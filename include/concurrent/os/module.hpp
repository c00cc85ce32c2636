// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstdint>

namespace concurrent::os::inline v0 {

/// The program or a shared library as this process has it loaded, known by what identifies it in every process: its
/// build id.
struct Module {
  struct Range {
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
    bool holds(std::uintptr_t address) const noexcept { return address - low < high - low; }
  };

  std::uintptr_t base = 0;
  std::uint64_t id = 0;
  const char* path = "";  // of a library's file, while it is loaded
  Range code;             // the first segment that can be executed
  Range more_code;        // a second one, which is rare
  Range all;              // everything that is loaded

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

}  // namespace concurrent::os::inline v0
