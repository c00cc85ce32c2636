// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/collect.hpp>
#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/detail/future/wait_turn.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {

namespace detail {

/// The futures that have not been handed out yet. Stays where it is, for the sake of the links.
template <class F>
class CompletedSet {
 public:
  CompletedSet(std::vector<F> futures, Deadline deadline)
      : futures_(std::move(futures)), links_(futures_.size()), left_(futures_.size()), deadline_(deadline) {
    WaiterLink** end = &ready_;
    for (std::size_t i = 0; i < futures_.size(); ++i) {
      links_[i].waiter = &waiter_;
      links_[i].index = i;
      if (state_at(i).done() || !state_at(i).add_waiter(links_[i])) {
        *end = &links_[i];
        end = &links_[i].next_fired;
      }
    }
  }
  CompletedSet(const CompletedSet&) = delete;
  CompletedSet& operator=(const CompletedSet&) = delete;
  ~CompletedSet() { drop(); }

  std::optional<F>& current() noexcept { return current_; }

  /// Blocks until one more is done, which becomes the current one; none: all have been handed out. Throws TimeoutError,
  /// and holds nothing then.
  void advance() {
    current_.reset();
    if (left_ == 0) return;
    while (ready_ == nullptr) {
      ready_ = waiter_.take_fired();
      if (ready_ != nullptr) break;
      if (has_passed(deadline_)) throw_timeout();
      while (HandleAccess::state(futures_[first_]) == nullptr || state_at(first_).done()) {
        if (++first_ == futures_.size()) break;
      }
      const bool all_done = first_ == futures_.size();
      if (all_done) first_ = 0;
      wait_turn(waiter_, all_done ? nullptr : &state_at(first_), deadline_, [this] { return may_come(); });
    }
    IndexedLink& link = static_cast<IndexedLink&>(*std::exchange(ready_, ready_->next_fired));
    state_at(link.index).remove_waiter(link);  // waits until who fired it lets go of the waiter
    --left_;
    current_.emplace(std::move(futures_[link.index]));
  }
  void begin() {
    if (!std::exchange(begun_, true)) advance();
  }

 private:
  FutureStateBase& state_at(std::size_t index) const { return *HandleAccess::state(futures_[index]); }

  // Whether one of those that are left has somebody to finish it; otherwise throws, and holds nothing then.
  bool may_come() {
    for (std::size_t i = first_; i < futures_.size(); ++i) {
      if (HandleAccess::state(futures_[i]) != nullptr && !state_at(i).is_orphaned()) return true;
    }
    drop();
    throw_orphaned("as_completed");
  }

  [[noreturn]] void throw_timeout() {
    const std::string text = "concurrent::futures: as_completed: " + std::to_string(left_) + " (of " +
                             std::to_string(futures_.size()) +
                             ") futures unfinished when the timeout passed. Wait longer, or cancel them.";
    drop();
    throw TimeoutError(text);
  }

  void drop() noexcept {
    for (std::size_t i = 0; i < futures_.size(); ++i) {
      if (HandleAccess::state(futures_[i]) != nullptr) state_at(i).remove_waiter(links_[i]);
    }
    futures_.clear();
    left_ = 0;
  }

  std::vector<F> futures_;
  std::vector<IndexedLink> links_;
  Waiter waiter_{0, false, true};
  WaiterLink* ready_ = nullptr;
  std::size_t first_ = 0;  // none before it is still to be waited for
  std::size_t left_;
  const Deadline deadline_;
  std::optional<F> current_;
  bool begun_ = false;
};

}  // namespace detail

/// The futures in the order in which they complete: an input range, to be gone through once.
///
/// The range has a handle to the future at which it stands, until the next step; `std::move(*it)`, or of the `auto&` of
/// a loop, takes it out. Beginning and stepping block, and throw TimeoutError when the timeout passes; the range is at
/// its end then.
template <class F>
class CompletedRange {
 public:
  /// Stands at a future that is done; moving it on waits for the next. One for a range, an input iterator.
  class iterator {
   public:
    using value_type = F;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() noexcept = default;
    /// Made by `begin`.
    explicit iterator(detail::CompletedSet<F>& set) noexcept : set_(&set) {}

    /// The future, which is done.
    F& operator*() const { return *set_->current(); }
    /// The same, for a member of the future.
    F* operator->() const { return &*set_->current(); }
    /// Goes on to the next future that is done.
    ///
    /// Throws: TimeoutError when the timeout passes first.
    /// Blocks: until there is one.
    iterator& operator++() {
      set_->advance();
      return *this;
    }
    void operator++(int) { set_->advance(); }
    bool operator==(std::default_sentinel_t) const noexcept { return !set_->current(); }

   private:
    detail::CompletedSet<F>* set_ = nullptr;
  };

  /// Made by `as_completed`.
  CompletedRange(std::vector<F> futures, detail::Deadline deadline)
      : set_(pickle::detail::UniquePointer<detail::CompletedSet<F>>::make(std::move(futures), deadline)) {}

  /// The first future that is done.
  ///
  /// Throws: TimeoutError when the timeout passes first.
  /// Blocks: until there is one.
  iterator begin() {
    set_->begin();
    return iterator(*set_);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  pickle::detail::UniquePointer<detail::CompletedSet<F>> set_;
};

/// Goes through the futures of any input range as they complete, from any mix of executors; duplicates count once. Of
/// a map whose keys are futures, through those.
///
/// Throws, while iterating: TimeoutError when none is done that has not been yielded and `timeout`, which counts from
/// this call, has passed: "2 (of 5) futures unfinished"; without a timeout InvalidStateError, when nobody could ever
/// finish one of those that are left (as `wait`).
/// Blocks: while iterating, until the next future is done.
/// Cost: linear in the number of futures.
/// Python: concurrent.futures.as_completed. A cancelled future is done here, at once.
///
///     for (auto& future : cf::as_completed(futures)) use(future.result());
///
///     std::map<cf::Future<Page>, std::string> future_to_url;
///     for (const std::string& url : urls) future_to_url.emplace(pool.submit(load, url), url);
///     for (auto& future : cf::as_completed(future_to_url)) show(future_to_url.at(future), future.result());
template <class Range>
CompletedRange<detail::future_of_t<Range>> as_completed(Range&& futures) {
  return {detail::collect(std::forward<Range>(futures)), (detail::Deadline::max)()};
}
/// The same with a limit on the whole iteration.
template <class Range, class Rep, class Period>
CompletedRange<detail::future_of_t<Range>> as_completed(Range&& futures,
                                                        const std::chrono::duration<Rep, Period>& timeout) {
  const detail::Deadline deadline = detail::deadline_after(timeout);
  return {detail::collect(std::forward<Range>(futures)), deadline};
}
/// The same for futures that are listed.
template <class F>
CompletedRange<F> as_completed(std::initializer_list<F> futures) {
  return {detail::collect(futures), (detail::Deadline::max)()};
}
/// The same for futures that are listed, with a limit.
template <class F, class Rep, class Period>
CompletedRange<F> as_completed(std::initializer_list<F> futures, const std::chrono::duration<Rep, Period>& timeout) {
  const detail::Deadline deadline = detail::deadline_after(timeout);
  return {detail::collect(futures), deadline};
}

}  // namespace concurrent::futures::inline v0
