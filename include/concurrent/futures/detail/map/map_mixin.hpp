// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/feed.hpp>
#include <concurrent/futures/detail/map/stream.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/futures/detail/pool/refused.hpp>
#include <concurrent/futures/map.hpp>
#include <concurrent/futures/map_options.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0::detail {

template <class Range>
concept Mappable = requires(std::remove_reference_t<Range>& range) {
  { std::ranges::begin(range) } -> std::input_iterator;
  std::ranges::end(range);
};

template <class T>
inline constexpr bool is_map_options = std::is_same_v<std::remove_cvref_t<T>, MapOptions>;

/// `map` and `map_unordered` for an executor that has `submit(f, args...)` and `max_workers()`. It calls
/// `finish_submitting_maps()` first of all when it shuts down.
///
/// An executor whose tasks run in this process says `static constexpr bool shares_memory = true`; the tasks of a map
/// share one function then, and otherwise each call has a copy.
template <class Executor>
class MapMixin {
 public:
  /// Calls `fn` with the items of the ranges, one of each, until the shortest ends, and yields the results in the order
  /// of the input. MapOptions may come last: `map(fn, range, {.chunksize = 100})` with up to three ranges, and with
  /// more `map(fn, …, cf::MapOptions{…})`.
  ///
  /// Everything is submitted at once; with a buffersize, as results are taken. Without a buffersize the ranges are read
  /// before map returns. An rvalue container gives its items away. A call of fn gets each item as an rvalue.
  ///
  /// What processes are sent is copied once, into shared memory, also what a std::string_view or std::span shows: there
  /// fn sees it in place. So that a large input is not in memory twice, no more than 64 MiB of one map are on their way
  /// at a time (but enough calls for all workers); the rest is submitted as calls are done, whether or not anybody
  /// takes the results. Its items, as those of auto_chunksize, wait in the caller: what they show must stay until then.
  ///
  /// Throws: std::invalid_argument for a chunksize or buffersize of 0, and for task options that submit refuses; what
  /// submit throws; what reading a range throws (what was submitted is cancelled then; with a buffersize the iteration
  /// throws it).
  /// Python: Executor.map. An item that fails, or that cannot be pickled, does not end the iteration, and costs no
  /// other of its chunk. Where it is the unpickling that throws, all of the chunk fail with it.
  template <class Function, class... Ranges>
  auto map(Function&& fn, Ranges&&... iterables) {
    return split(false, std::forward<Function>(fn), std::forward<Ranges>(iterables)...);
  }
  template <class Function, class Range>
  auto map(Function&& fn, Range&& iterable, MapOptions options) {
    return run(false, options, std::forward<Function>(fn), std::forward<Range>(iterable));
  }
  template <class Function, class Range1, class Range2>
  auto map(Function&& fn, Range1&& first, Range2&& second, MapOptions options) {
    return run(false, options, std::forward<Function>(fn), std::forward<Range1>(first), std::forward<Range2>(second));
  }
  template <class Function, class Range1, class Range2, class Range3>
  auto map(Function&& fn, Range1&& first, Range2&& second, Range3&& third, MapOptions options) {
    return run(false, options, std::forward<Function>(fn), std::forward<Range1>(first), std::forward<Range2>(second),
               std::forward<Range3>(third));
  }
  template <class Function, class Item>
  auto map(Function&& fn, std::initializer_list<Item> items, MapOptions options = {}) {
    return run(false, options, std::forward<Function>(fn), std::vector<Item>(items));
  }

  /// The same, with the results in the order in which they complete.
  template <class Function, class... Ranges>
  auto map_unordered(Function&& fn, Ranges&&... iterables) {
    return split(true, std::forward<Function>(fn), std::forward<Ranges>(iterables)...);
  }
  template <class Function, class Range>
  auto map_unordered(Function&& fn, Range&& iterable, MapOptions options) {
    return run(true, options, std::forward<Function>(fn), std::forward<Range>(iterable));
  }
  template <class Function, class Range1, class Range2>
  auto map_unordered(Function&& fn, Range1&& first, Range2&& second, MapOptions options) {
    return run(true, options, std::forward<Function>(fn), std::forward<Range1>(first), std::forward<Range2>(second));
  }
  template <class Function, class Range1, class Range2, class Range3>
  auto map_unordered(Function&& fn, Range1&& first, Range2&& second, Range3&& third, MapOptions options) {
    return run(true, options, std::forward<Function>(fn), std::forward<Range1>(first), std::forward<Range2>(second),
               std::forward<Range3>(third));
  }
  template <class Function, class Item>
  auto map_unordered(Function&& fn, std::initializer_list<Item> items, MapOptions options = {}) {
    return run(true, options, std::forward<Function>(fn), std::vector<Item>(items));
  }

  MapMixin(const MapMixin&) = delete;
  MapMixin& operator=(const MapMixin&) = delete;

 protected:
  MapMixin() : link_(std::make_shared<ExecutorLink<Executor>>(ExecutorLink<Executor>{static_cast<Executor*>(this)})) {}
  ~MapMixin() { link_->executor = nullptr; }

  /// Makes maps with auto_chunksize submit the rest of their items now. Outside of all locks.
  void finish_submitting_maps() { chained_.finish_all(); }

 private:
  // Takes options off the end of the arguments, where they could not be declared after the pack.
  template <class Function, class... Args>
  auto split(bool unordered, Function&& fn, Args&&... args) {
    static_assert(
        sizeof...(Args) != 0,
        "concurrent::futures: map: there is no range. Give it at least one after the function: map(fn, items).");
    if constexpr (sizeof...(Args) != 0) {
      using Last = std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args&&...>>;
      if constexpr (is_map_options<Last>) {
        return without_last(unordered, std::forward<Function>(fn), std::make_index_sequence<sizeof...(Args) - 1>(),
                            std::forward_as_tuple(std::forward<Args>(args)...));
      } else {
        return run(unordered, MapOptions(), std::forward<Function>(fn), std::forward<Args>(args)...);
      }
    } else {
      return refused_map<std::decay_t<Function>>();
    }
  }
  template <class Function, std::size_t... i, class Args>
  auto without_last(bool unordered, Function&& fn, std::index_sequence<i...>, Args args) {
    return run(unordered, std::get<sizeof...(i)>(args), std::forward<Function>(fn), std::get<i>(std::move(args))...);
  }

  template <class Function, class... Ranges>
  auto run(bool unordered, const MapOptions& options, Function&& fn, Ranges&&... ranges) {
    static_assert((Mappable<Ranges> && ...),
                  "concurrent::futures: map: an argument after the function is no range. Give it containers, views or "
                  "anything else with begin and end; MapOptions come last.");
    if constexpr ((Mappable<Ranges> && ...)) {
      using Plain = std::decay_t<Function>;
      static_assert(takes_items<Plain, item_t<Ranges>...>,
                    "concurrent::futures: map: the function cannot be called with one item of each range. Check their "
                    "number and types; a parameter of type T& cannot take an item: use T or const T&.");
      if constexpr (takes_items<Plain, item_t<Ranges>...>) {
        // Asked before anything has a member of this type, see pickle/detail/captures.hpp.
        static_cast<void>(pickle::detail::holds_no_pointer<Plain>);
        check(options);
        if constexpr (!can_travel<Plain, item_t<Ranges>...>()) {
          return refused_map<Plain, item_t<Ranges>...>();
        } else if constexpr (requires { requires Executor::shares_memory; }) {
          check_task_for_threads(options.task);
          using Shared = SharedFunction<Plain>;
          return start<Shared, Ranges...>(unordered, options,
                                          Shared{std::make_shared<Plain>(std::forward<Function>(fn))},
                                          std::forward<Ranges>(ranges)...);
        } else {
          return start<Plain, Ranges...>(unordered, options, std::forward<Function>(fn),
                                         std::forward<Ranges>(ranges)...);
        }
      } else {
        return refused_map<Plain, item_t<Ranges>...>();
      }
    } else {
      return refused_map<std::decay_t<Function>>();
    }
  }

  // Whether the executor can send the calls; if not, the first error is what is wrong with one call, not with a chunk.
  template <class Function, class... Items>
  static constexpr bool can_travel() {
    if constexpr (requires { typename Executor::template CallChecks<Function, Items...>; }) {
      using Checks = typename Executor::template CallChecks<Function, Items...>;
      Checks::check();
      return Checks::passed();
    } else {
      return true;
    }
  }

  template <class Function, class... Ranges>
  auto start(bool unordered, const MapOptions& options, Function fn, Ranges&&... ranges) {
    using R = map_result_t<Function, item_t<Ranges>...>;
    const Deadline deadline = options.timeout ? deadline_after(*options.timeout) : (Deadline::max)();
    const bool chunked = options.chunksize != 1;
    auto feed = pickle::detail::UniquePointer<RangeFeed<Executor, Function, Ranges...>>::make(
        link_, std::move(fn), options, std::forward<Ranges>(ranges)...);
    auto stream = std::make_shared<MapStream>(std::move(feed), options, deadline,
                                              static_cast<std::size_t>(link_->executor->max_workers()), unordered);
    auto items = pickle::detail::UniquePointer<MapItems<R>>::make(stream, chunked);
    stream->read();  // before a shutdown in another thread can go on with it
    stream->submit_at_once();
    stream->start(!stream->is_chained() || chained_.add(stream));
    return MapResult<R>(std::move(items));
  }

  std::shared_ptr<ExecutorLink<Executor>> link_;
  DrainableList chained_;  // maps that submit in a chain
};

}  // namespace concurrent::futures::inline v0::detail
