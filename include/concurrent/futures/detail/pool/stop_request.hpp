// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_state_base.hpp>

namespace concurrent::futures::inline v0::detail {

/// Passes a request to stop on to a future: what a std::stop_callback calls. That may be the end of this object.
struct StopRequest {
  FutureStateBase* state;
  void operator()() const noexcept {
    FutureStateBase& kept = *state;
    kept.add_reference();
    kept.request_stop();
    kept.release();
  }
};

}  // namespace concurrent::futures::inline v0::detail
