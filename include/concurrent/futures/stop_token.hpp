// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/stop_token.hpp>

namespace concurrent::futures::inline v0 {

using pickle::StopToken;

}  // namespace concurrent::futures::inline v0
