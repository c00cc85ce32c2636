// SPDX-License-Identifier: BSL-1.0
// Where the program and its shared libraries have something, in this process and in others.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/os/module.hpp>

#include <cstdint>

namespace concurrent::pickle::inline v0 {
namespace detail {

using os::Module;

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
