// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/collect.hpp>
#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/detail/future/wait_turn.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {

/// When `wait` returns.
enum class ReturnWhen { FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED };
inline constexpr auto FIRST_COMPLETED = ReturnWhen::FIRST_COMPLETED;  ///< as soon as one is done
inline constexpr auto FIRST_EXCEPTION = ReturnWhen::FIRST_EXCEPTION;  ///< as soon as one has failed; or all are done
inline constexpr auto ALL_COMPLETED = ReturnWhen::ALL_COMPLETED;      ///< when all are done

/// What `wait` returns; both in the order of the input, without duplicates.
template <class F>
struct DoneAndNotDone {
  std::vector<F> done;      ///< also those that were cancelled
  std::vector<F> not_done;  ///< all others
};

namespace detail {

/// The links of one waiter to the futures it waits for. What is linked is taken off in any case.
template <class F>
class LinkedWaiter {
 public:
  LinkedWaiter(const std::vector<F>& futures, const std::vector<std::size_t>& not_done, ReturnWhen when)
      : futures_(futures),
        links_(not_done.size()),
        when_(when),
        waiter_(when == FIRST_COMPLETED ? 1 : not_done.size(), when == FIRST_EXCEPTION, false) {
    for (const std::size_t index : not_done) {
      if (waiter_.has_event()) break;
      IndexedLink& link = links_[used_];
      link.waiter = &waiter_;
      link.index = index;
      FutureStateBase& state = state_at(index);
      if (state.add_waiter(link)) {
        ++used_;
      } else {
        waiter_.fire(link, state.failed());
      }
    }
  }
  LinkedWaiter(const LinkedWaiter&) = delete;
  LinkedWaiter& operator=(const LinkedWaiter&) = delete;
  ~LinkedWaiter() {
    for (std::size_t i = 0; i < used_; ++i) state_at(links_[i].index).remove_waiter(links_[i]);
  }

  void wait(Deadline deadline) {
    std::size_t first = 0;  // the first future that is not done; its executor may work in this thread
    while (!waiter_.has_event() && !has_passed(deadline)) {
      while (first < used_ && state_at(links_[first].index).done()) ++first;
      FutureStateBase* const state = first < used_ ? &state_at(links_[first].index) : nullptr;
      if (!wait_turn(waiter_, state, deadline, [&] { return can_still_happen(first); })) return;
    }
  }

 private:
  FutureStateBase& state_at(std::size_t index) const { return *HandleAccess::state(futures_[index]); }

  // False: what is waited for has happened already. Throws when no future that is not done can become so.
  bool can_still_happen(std::size_t first) const {
    bool hope = false;
    for (std::size_t i = 0; i < used_ && !(hope && i > first); ++i) {
      const FutureStateBase& state = state_at(links_[i].index);
      if (state.done()) {
        if (when_ == FIRST_COMPLETED || state.failed()) return false;
      } else {
        hope = hope || !state.is_orphaned();
      }
    }
    if (!hope) throw_orphaned("wait");
    return true;
  }

  const std::vector<F>& futures_;
  std::vector<IndexedLink> links_;
  std::size_t used_ = 0;
  const ReturnWhen when_;
  Waiter waiter_;
};

template <class F>
void wait_for_all(const std::vector<F>& futures, Deadline deadline) {
  // Calls start in the order in which they were submitted: when the last future is done, nearly all are, and the
  // thread has slept once or twice, without a link to any of them.
  for (std::size_t i = futures.size(); i-- > 0;) {
    FutureStateBase& state = *HandleAccess::state(futures[i]);
    if (deadline != (Deadline::max)()) {
      if (!state.wait_until_done(deadline)) return;
    } else if (!state.wait_unless_orphaned()) {
      throw_orphaned("wait");
    }
  }
}

template <class F>
void wait_for_some(const std::vector<F>& futures, Deadline deadline, ReturnWhen when) {
  std::vector<std::size_t> not_done;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    FutureStateBase& state = *HandleAccess::state(futures[i]);
    if (!state.done()) {
      not_done.push_back(i);
    } else if (when == FIRST_COMPLETED || state.failed()) {
      return;
    }
  }
  if (!not_done.empty()) LinkedWaiter<F>(futures, not_done, when).wait(deadline);
}

template <class F>
DoneAndNotDone<F> wait_until(std::vector<F> futures, Deadline deadline, ReturnWhen when) {
  if (when == ALL_COMPLETED) {
    detail::wait_for_all(futures, deadline);
  } else {
    detail::wait_for_some(futures, deadline, when);
  }
  DoneAndNotDone<F> result;
  result.not_done.reserve(futures.size());
  for (F& future : futures) (future.done() ? result.done : result.not_done).push_back(std::move(future));
  return result;
}

}  // namespace detail

/// Waits for the futures of any input range, from any mix of executors, and says which are done: when all are, when
/// the first is, or when the first has failed. Of a map whose keys are futures, for those.
///
/// Throws: InvalidStateError for a future that was moved from, and, without a timeout, when nobody could ever finish
/// what is waited for (Future::wait; a handle in a range that was not given away is another one); RuntimeError in a
/// worker of the pool that is to run one of the calls. A timeout that passes is no error: what is not done then is in
/// `not_done`. Blocks: until the condition holds or the timeout passes. Cost: linear in the number of futures. An
/// rvalue vector is moved from, which saves copying the handles: in a loop, pass `std::move(not_done)`. Python:
/// concurrent.futures.wait. A cancelled future is done here, at once.
///
///     auto [done, not_done] = cf::wait(futures, 1s, cf::FIRST_COMPLETED);
template <class Range>
DoneAndNotDone<detail::future_of_t<Range>> wait(Range&& futures, ReturnWhen return_when = ALL_COMPLETED) {
  return detail::wait_until(detail::collect(std::forward<Range>(futures)), (detail::Deadline::max)(), return_when);
}
/// The same with a limit, after which it returns as well.
template <class Range, class Rep, class Period>
DoneAndNotDone<detail::future_of_t<Range>> wait(Range&& futures, const std::chrono::duration<Rep, Period>& timeout,
                                                ReturnWhen return_when = ALL_COMPLETED) {
  const detail::Deadline deadline = detail::deadline_after(timeout);
  return detail::wait_until(detail::collect(std::forward<Range>(futures)), deadline, return_when);
}
/// The same for futures that are listed.
template <class F>
DoneAndNotDone<F> wait(std::initializer_list<F> futures, ReturnWhen return_when = ALL_COMPLETED) {
  return detail::wait_until(detail::collect(futures), (detail::Deadline::max)(), return_when);
}
/// The same for futures that are listed, with a limit.
template <class F, class Rep, class Period>
DoneAndNotDone<F> wait(std::initializer_list<F> futures, const std::chrono::duration<Rep, Period>& timeout,
                       ReturnWhen return_when = ALL_COMPLETED) {
  const detail::Deadline deadline = detail::deadline_after(timeout);
  return detail::wait_until(detail::collect(futures), deadline, return_when);
}

}  // namespace concurrent::futures::inline v0
