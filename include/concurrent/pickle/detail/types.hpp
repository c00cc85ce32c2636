// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

namespace concurrent::pickle::inline v0::detail {

// Lists of types, for the parts of a type.
template <class... Ts>
struct Types {};

}  // namespace concurrent::pickle::inline v0::detail
