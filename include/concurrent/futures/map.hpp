// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/map/chunk.hpp>
#include <concurrent/futures/detail/map/stream.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/map_options.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {

namespace detail {

struct MapAccess;

/// Takes the chunks of a map apart, item by item; of chunks to which the items were dealt, one of each in turn.
template <class R>
class MapItems {
 public:
  using Item = std::conditional_t<std::is_void_v<R>, Nothing, R>;

  MapItems(std::shared_ptr<MapStream> stream, bool chunked) : stream_(std::move(stream)), chunked_(chunked) {}
  MapItems(const MapItems&) = delete;
  MapItems& operator=(const MapItems&) = delete;
  ~MapItems() {
    // Who never began to iterate has not left early: everything runs.
    begun_ ? stream_->close() : stream_->detach();
  }

  void begin() noexcept { begun_ = true; }
  bool at_end() { return !fetched_ && open_.empty() && !stream_->has_more(); }

  Item& current() {
    fetch();
    if (error_) std::rethrow_exception(error_);
    return *item_;
  }

  /// Of what `current` would wait for, if that is a call of its own.
  std::optional<AnyFuture> awaited() { return fetched_ || chunked_ ? std::nullopt : stream_->awaited(); }

  void advance() {
    if (at_end()) return;
    fetch();
    forget();
  }

  void close() noexcept {
    begun_ = true;
    stream_->close();
    forget();
    open_.clear();
    turn_ = 0;
  }

 private:
  struct Open {  // a chunk that is being taken apart
    AnyFuture future;
    std::size_t left;  // its items that have not been fetched
    std::size_t index = 0;
    std::size_t value_index = 0;
    std::size_t error_index = 0;
  };

  void fetch() {
    if (fetched_) return;
    if (turn_ == open_.size()) open_next();
    Open& chunk = open_[turn_];
    FutureStateBase& state = *HandleAccess::state(chunk.future);
    if (state.failed()) {
      error_ = state.stored_exception();
    } else if (state.cancelled()) {
      error_ =
          std::make_exception_ptr(CancelledError("concurrent::futures: map: the call for this item was cancelled and "
                                                 "has no result. Do not cancel or shut down "
                                                 "what is still wanted."));
    } else if (chunked_) {
      fetch_from(static_cast<FutureState<ChunkResult<R>>&>(state).value().items, chunk);
    } else if constexpr (std::is_void_v<R>) {
      item_ = std::addressof(made_.emplace());
    } else {
      item_ = std::addressof(static_cast<FutureState<R>&>(state).value());
    }
    fetched_ = true;
    ++chunk.index;
    --chunk.left;
    stream_->item_taken();
  }

  void open_next() {
    try {
      MapStream::Chunk chunk = stream_->next();
      if (open_.empty()) hands_ = chunk.hands;
      open_.push_back({std::move(chunk.future), chunk.size});
    } catch (...) {  // the iteration is over
      open_.clear();
      turn_ = 0;
      throw;
    }
  }

  void fetch_from(ChunkItems<R>& results, Open& chunk) {
    if (chunk.error_index < results.errors.size() && results.errors[chunk.error_index].index == chunk.index) {
      error_ = std::move(results.errors[chunk.error_index++].exception);
    } else if constexpr (std::is_void_v<R>) {
      item_ = std::addressof(made_.emplace());
    } else if constexpr (std::is_same_v<R, bool>) {
      item_ = std::addressof(made_.emplace(static_cast<bool>(results.values.at(chunk.value_index++))));
    } else {
      item_ = std::addressof(results.values.at(chunk.value_index++));
    }
  }

  void forget() noexcept {
    if constexpr (!std::is_trivially_destructible_v<Item> && std::is_nothrow_move_constructible_v<Item>) {
      // Not kept alive until the rest of the chunk goes.
      if (item_ != nullptr) static_cast<void>(Item(std::move(*item_)));
    }
    item_ = nullptr;
    if (error_) error_ = nullptr;  // which calls into the library's runtime
    if (!std::exchange(fetched_, false)) return;
    if (++turn_ == hands_) turn_ = 0;
    // None has more items than the one before it. Not before their exceptions: who drops the last handle after them,
    // drops them last as thread checkers see it.
    if (turn_ == open_.size() || open_[turn_].left != 0) return;
    open_.clear();
    turn_ = 0;
  }

  std::shared_ptr<MapStream> stream_;
  std::vector<Open> open_;    // of those that were dealt items in turn, as far as they were needed
  std::size_t hands_ = 1;     // how many of them there are
  std::size_t turn_ = 0;      // which of them has the next item
  Item* item_ = nullptr;      // where it stands in the chunk
  std::optional<Item> made_;  // or, for what has no place there, the item itself
  std::exception_ptr error_;
  bool fetched_ = false;
  bool begun_ = false;
  const bool chunked_;
};

}  // namespace detail

/// The results of `map`: a move-only input range, to be gone through once. Results of void calls are `None`.
///
/// `*it` waits for the result, which the range keeps until the next step; `std::move(*it)`, or of the `auto&` of a
/// loop, takes it out. A result that can only be moved is an rvalue, so that `for (auto result : …)` takes it. A task's
/// exception is thrown by the `*it` that would yield its result; `++it` then goes on with the next item. When the
/// timeout of map passes, `*it` throws TimeoutError and the range is at its end.
///
/// Destroying it before its end cancels what has not started, unless the iteration never began: then everything runs.
template <class R>
class MapResult {
  using Items = detail::MapItems<R>;

 public:
  /// Stands at an item whose result may be still to come. One for a range, an input iterator.
  class iterator {
   public:
    using value_type = typename Items::Item;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    /// `Item&` where results can be copied, and otherwise `Item&&`.
    using reference = std::conditional_t<enable_result_copy<value_type>, value_type&, value_type&&>;

    iterator() noexcept = default;
    /// Made by `begin`.
    explicit iterator(Items& items) noexcept : items_(&items) {}

    /// The item's result.
    ///
    /// Throws: what the task threw; TimeoutError when the timeout of map passes first, CancelledError, BrokenExecutor.
    /// With a buffersize also what reading a range throws, and what submit does, once the results before it are taken.
    /// Blocks: until the item's task is done.
    reference operator*() const { return static_cast<reference>(items_->current()); }
    /// Goes on to the next item, also after one that failed.
    ///
    /// Throws: TimeoutError when the timeout of map passes first; never what a task threw.
    /// Blocks: until this item's task is done, where `*it` has not waited for it.
    iterator& operator++() {
      items_->advance();
      return *this;
    }
    void operator++(int) { items_->advance(); }
    bool operator==(std::default_sentinel_t) const { return items_->at_end(); }

   private:
    Items* items_ = nullptr;
  };
  using value_type = typename Items::Item;

  /// For writers of executors.
  explicit MapResult(pickle::detail::UniquePointer<Items> items) noexcept : items_(std::move(items)) {}

  /// Where the iteration is: the first result, or the next one. Does not wait.
  iterator begin() noexcept {
    items_->begin();
    return iterator(*items_);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// All results that are left. Throws the first exception, and cancels then what has not started; to have the results
  /// around it, iterate.
  std::vector<value_type> to_vector() {
    std::vector<value_type> results;
    try {
      for (auto it = begin(); it != end(); ++it) results.push_back(std::move(*it));
    } catch (...) {
      close();
      throw;
    }
    return results;
  }

  /// Ends the iteration, and cancels what has not started.
  void close() noexcept { items_->close(); }

 private:
  friend struct detail::MapAccess;
  pickle::detail::UniquePointer<Items> items_;
};

}  // namespace concurrent::futures::inline v0
