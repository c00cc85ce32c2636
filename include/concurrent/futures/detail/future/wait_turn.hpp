// SPDX-License-Identifier: BSL-1.0
// What every wait for any of several futures does again and again, until there is an event.
#pragma once

#include <concurrent/futures/detail/future/future_state_base.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>

namespace concurrent::futures::inline v0::detail {

/// One turn: works for the executor of `first`, a future that is not done, or sleeps. It is null where all are done,
/// and the link of the last is about to fire. Where no executor has `first` and there is no deadline, `may_come()` says
/// whether to go on. False: it said no.
template <class MayCome>
bool wait_turn(Waiter& waiter, FutureStateBase* first, Deadline deadline, MayCome may_come) {
  if (first == nullptr) {
    waiter.sleep(deadline);
  } else if (first->pump_until(waiter.word(), Waiter::quiet, deadline)) {
    return true;
  } else if (deadline != (Deadline::max)() || first->is_with_executor()) {
    waiter.sleep_through(*first, deadline);
  } else if (may_come()) {
    waiter.sleep(next_look_for_orphans());
  } else {
    return false;
  }
  return true;
}

}  // namespace concurrent::futures::inline v0::detail
