// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/partial.hpp>

namespace concurrent::futures::inline v0 {

using pickle::Partial;
using pickle::partial;

}  // namespace concurrent::futures::inline v0
