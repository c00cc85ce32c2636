// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace concurrent::pickle::inline v0 {

/// How far a call has come.
enum class Phase : std::uint32_t { none = 0, unpickling_arguments = 1, running = 2, pickling_result = 3 };

}  // namespace concurrent::pickle::inline v0
