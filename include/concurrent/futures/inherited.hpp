// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/inherited.hpp>

namespace concurrent::futures::inline v0 {

using pickle::Inherited;
using pickle::inherited;

}  // namespace concurrent::futures::inline v0
