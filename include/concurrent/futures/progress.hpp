// SPDX-License-Identifier: BSL-1.0
// Progress bars on standard error, as the Python package tqdm draws them. futures.hpp does not include this.
#pragma once

#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/map_options.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/futures/progress_bar.hpp>
#include <concurrent/futures/task_progress.hpp>
#include <concurrent/futures/thread.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {

/// An item whose call threw, was too slow or lost its worker.
struct MapFailure {
  std::size_t index = 0;         ///< which item of the input, from 0
  std::exception_ptr exception;  ///< what it failed with
};

/// Options of `process_map` and `thread_map`.
struct ProgressMapOptions {
  std::optional<int> max_workers{};    ///< default: that of the executor
  std::size_t chunksize = 1;           ///< items per call, as in MapOptions
  std::string desc{};                  ///< stands before the bar
  std::optional<std::size_t> total{};  ///< how many there will be; default: the size of the shortest range, if known
  std::string unit = "it";             ///< what is counted: 31.2it/s
  bool leave = true;                   ///< the bar stays when it is done; false: it is wiped off
  TaskOptions task{};                  ///< for each call, as in MapOptions; threads refuse a time limit
  ProcessPoolOptions pool{};           ///< how the pool is made; of it thread_map takes max_workers and initializer
  std::vector<MapFailure>* failures = nullptr;  ///< where items that fail are put; default: the first ends it all
};

/// A range with a bar that moves as it is gone through: an input range, to be gone through once. Made by `progress`.
///
/// `*it` is what it is in the range, but that rvalues which the range keeps (as those of as_completed) come as lvalues,
/// so that `auto&` can name them.
template <class Range>
class ProgressRange {
  using Inner = decltype(std::ranges::begin(std::declval<Range&>()));
  using Last = decltype(std::ranges::end(std::declval<Range&>()));

 public:
  /// The range's own iterator, and the bar. An input iterator.
  class iterator {
   public:
    using value_type = std::iter_value_t<Inner>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    /// Made by `begin`.
    iterator(ProgressRange& range, Inner inner) : range_(&range), inner_(std::move(inner)) {}

    /// What the range has there. Throws and blocks as the range's own.
    decltype(auto) operator*() const {
      using Reference = std::iter_reference_t<Inner>;
      if constexpr (std::is_rvalue_reference_v<Reference>) {
        auto&& item = *inner_;
        return static_cast<std::remove_reference_t<Reference>&>(item);
      } else {
        return *inner_;
      }
    }
    /// Moves the bar, then goes on. Throws and blocks as the range's own.
    iterator& operator++() {
      has_failed() ? range_->bar_->fail() : range_->bar_->advance();
      ++inner_;
      return *this;
    }
    void operator++(int) { ++*this; }
    /// The bar ends with the range.
    bool operator==(std::default_sentinel_t) const {
      const bool ended = inner_ == *range_->last_;
      if (ended) range_->bar_->close();
      return ended;
    }

   private:
    // Of a future that is there, and that the loop has not taken away.
    bool has_failed() const {
      using Reference = std::iter_reference_t<Inner>;
      if constexpr (std::is_lvalue_reference_v<Reference> &&
                    std::is_base_of_v<detail::FutureHandle, std::remove_cvref_t<Reference>>) {
        const detail::FutureStateBase* const state = detail::HandleAccess::state(*inner_);
        return state != nullptr && (state->failed() || state->cancelled());
      } else {
        return false;
      }
    }

    ProgressRange* range_ = nullptr;
    Inner inner_{};
  };

  /// Made by `progress`.
  ProgressRange(Range&& range, ProgressOptions options)
      : range_(std::forward<Range>(range)), bar_(std::make_unique<ProgressBar>(std::move(options))) {}

  /// Blocks as the range's own begin does.
  iterator begin() {
    last_.emplace(std::ranges::end(range_));
    return iterator(*this, std::ranges::begin(range_));
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Range range_;  // a reference, or the range itself where it was an rvalue
  std::optional<Last> last_;
  std::unique_ptr<ProgressBar> bar_;
};

/// Shows a bar on standard error while the range is gone through: rate, time so far and, where the total is known, time
/// to come. Nothing is drawn when standard error is no terminal. The bar moves when the loop asks for the next item. Of
/// futures it counts those that have failed or were cancelled.
///
///     for (auto& future : cf::progress(cf::as_completed(futures), {.total = futures.size()})) use(future.result());
///
/// Python: `tqdm.tqdm(iterable, desc=…, total=…, unit=…)`.
template <class Range>
ProgressRange<Range> progress(Range&& range, ProgressOptions options = {}) {
  if constexpr (requires { std::ranges::size(range); }) {
    if (!options.total) options.total = static_cast<std::size_t>(std::ranges::size(range));
  }
  return {std::forward<Range>(range), std::move(options)};
}

namespace detail {

template <class Range>
void limit_total(std::optional<std::size_t>& total, const Range& range) {
  if constexpr (requires { std::ranges::size(range); }) {
    const auto size = static_cast<std::size_t>(std::ranges::size(range));
    if (!total || size < *total) total = size;
  }
}

inline void make_pool(std::optional<ProcessPoolExecutor>& pool, ProgressMapOptions& options) {
  if (options.max_workers) options.pool.max_workers = options.max_workers;
  pool.emplace(std::move(options.pool));
}
inline void make_pool(std::optional<ThreadPoolExecutor>& pool, ProgressMapOptions& options) {
  ThreadPoolOptions threads;
  threads.max_workers = options.max_workers ? options.max_workers : options.pool.max_workers;
  threads.initializer = std::move(options.pool.initializer);
  pool.emplace(std::move(threads));
}

/// Whether the exception that is being handled is one item's affair, and not the end of them all.
inline bool is_of_one_item() {
  try {
    throw;
  } catch (const WorkerDied&) {
    return true;
  } catch (const BrokenExecutor&) {
    return false;
  } catch (...) {
    return true;
  }
}

struct MapAccess {
  /// Waits for what `*it` waits for, and lets the bar follow a task that takes long and reports how far it is.
  template <class R>
  static void show_next(MapResult<R>& mapped, ProgressBar& bar) {
    if (!bar.is_shown()) return;
    const std::optional<AnyFuture> future = mapped.items_->awaited();
    while (future && future->wait_for(std::chrono::milliseconds(100)) == FutureStatus::timeout) {
      const Progress progress = future->progress();
      if (progress.total == 0) continue;
      bar.show_part(static_cast<double>(progress.done) / static_cast<double>(progress.total));
    }
  }
};

template <class Executor, class Function, class... Ranges>
auto map_with_progress(ProgressMapOptions options, Function&& fn, Ranges&&... ranges) {
  if (!options.total) (detail::limit_total(options.total, ranges), ...);
  std::optional<Executor> pool;
  detail::make_pool(pool, options);
  MapOptions map_options;
  map_options.chunksize = options.chunksize;
  map_options.task = std::move(options.task);
  auto mapped = pool->map(std::forward<Function>(fn), std::forward<Ranges>(ranges)..., map_options);
  std::vector<typename decltype(mapped)::value_type> results;
  ProgressBar bar({std::move(options.desc), options.total, std::move(options.unit), options.leave});
  std::size_t index = 0;
  try {
    for (auto it = mapped.begin(); it != mapped.end(); ++it, ++index) {
      try {
        MapAccess::show_next(mapped, bar);
        static_cast<void>(*it);
      } catch (...) {
        if (options.failures == nullptr || !is_of_one_item()) throw;
        options.failures->push_back({index, std::current_exception()});
        bar.fail();
        continue;
      }
      results.push_back(std::move(*it));
      bar.advance();
    }
  } catch (...) {
    mapped.close();
    throw;
  }
  return results;
}

}  // namespace detail

/// Calls `fn` with the items of the ranges in worker processes of a pool of its own, and returns the results in the
/// order of the input; a bar on standard error shows how far it is. With a call an item it also follows a task that
/// takes long and says how far it is (`report_progress`).
///
///     std::vector<int> sizes = cf::process_map(size_of, paths, {.max_workers = 4, .chunksize = 10, .desc = "files"});
///
/// With `failures` an item that fails does not end it: it has no place in the results then, the bar counts it, and its
/// index and exception are put there. For items that crash their worker the pool must live on:
///
///     std::vector<cf::MapFailure> failed;
///     auto thumbnails = cf::process_map(shrink, files, {.task = {.timeout = 2s, .retries = 1},
///         .pool = {.on_worker_death = cf::WorkerDeathPolicy::fail_task}, .failures = &failed});
///
/// Throws: what `map` throws and what its iteration throws: the first exception of a task, after which what has not
/// started is cancelled; with `failures` only what ends the pool.
/// Blocks: until all is done.
/// Python: `tqdm.contrib.concurrent.process_map`.
template <class Function, class Range>
auto process_map(Function&& fn, Range&& iterable, ProgressMapOptions options = {}) {
  return detail::map_with_progress<ProcessPoolExecutor>(std::move(options), std::forward<Function>(fn),
                                                        std::forward<Range>(iterable));
}
/// The same with an item of each of two ranges, until the shorter one ends.
template <class Function, class Range1, class Range2>
  requires detail::Mappable<Range2>
auto process_map(Function&& fn, Range1&& first, Range2&& second, ProgressMapOptions options = {}) {
  return detail::map_with_progress<ProcessPoolExecutor>(std::move(options), std::forward<Function>(fn),
                                                        std::forward<Range1>(first), std::forward<Range2>(second));
}
/// The same with items that are listed.
template <class Function, class Item>
auto process_map(Function&& fn, std::initializer_list<Item> items, ProgressMapOptions options = {}) {
  return process_map(std::forward<Function>(fn), std::vector<Item>(items), std::move(options));
}

/// The same in threads.
///
/// Python: `tqdm.contrib.concurrent.thread_map`.
template <class Function, class Range>
auto thread_map(Function&& fn, Range&& iterable, ProgressMapOptions options = {}) {
  return detail::map_with_progress<ThreadPoolExecutor>(std::move(options), std::forward<Function>(fn),
                                                       std::forward<Range>(iterable));
}
/// The same with an item of each of two ranges, until the shorter one ends.
template <class Function, class Range1, class Range2>
  requires detail::Mappable<Range2>
auto thread_map(Function&& fn, Range1&& first, Range2&& second, ProgressMapOptions options = {}) {
  return detail::map_with_progress<ThreadPoolExecutor>(std::move(options), std::forward<Function>(fn),
                                                       std::forward<Range1>(first), std::forward<Range2>(second));
}

}  // namespace concurrent::futures::inline v0
