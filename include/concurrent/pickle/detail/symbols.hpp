// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>

#include <cstdint>
#include <string>

namespace concurrent::pickle::inline v0 {
namespace detail {

// The name of a function without its parameters, "app::hash_words"; where it is, if the program was stripped.
std::string function_name(std::uintptr_t address);

}  // namespace detail
}  // namespace concurrent::pickle::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/pickle/detail/symbols.impl.hpp>
#endif
