// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

namespace concurrent::pickle::inline v0 {
namespace detail {

// Lists of types, for the parts of a type.
template <class... Ts>
struct Types {};

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
