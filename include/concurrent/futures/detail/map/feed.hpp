// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/map/chunk.hpp>
#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/map_options.hpp>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0::detail {

/// Where the calls of one map come from: cuts the input into pieces and submits them. Used by one thread at a time.
class MapFeed {
 public:
  static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

  MapFeed() = default;
  MapFeed(const MapFeed&) = delete;
  MapFeed& operator=(const MapFeed&) = delete;
  virtual ~MapFeed() = default;

  /// Reads the whole input.
  virtual void read_all() = 0;
  /// Takes up to that many items off the input; 0: it has ended. Throws what the ranges throw.
  virtual std::size_t cut(std::size_t items) = 0;
  /// After read_all, takes so many items from this one on, counted from the next, and each `stride` after it. They stay
  /// until `skip` takes the whole piece off.
  virtual void deal(std::size_t first, std::size_t stride, std::size_t items) = 0;
  virtual void skip(std::size_t items) noexcept = 0;
  /// Submits what was cut or dealt, as one call. A future that is not valid: there was no room, and the piece is still
  /// there. Throws what submit throws, but QueueFull.
  virtual AnyFuture submit(Admission admission) = 0;
  /// Whether the executor lets no more than so many calls wait.
  virtual bool is_limited() const noexcept = 0;
  /// How many items there are to be cut, if known.
  virtual std::size_t left() const noexcept = 0;
  /// How long a finished chunk took; zero if it failed.
  virtual std::chrono::nanoseconds elapsed(FutureStateBase& state) const noexcept = 0;
};

/// Tells the maps of an executor that it is gone.
template <class Executor>
struct ExecutorLink {
  Executor* executor;
};

template <class Range>
using item_t = std::remove_cv_t<std::iter_value_t<decltype(std::ranges::begin(std::declval<Range&>()))>>;

/// A range as the function was given it: a reference to the caller's, or the range itself; and where its reading is.
template <class Range>
class RangeReader {
  using Iterator = decltype(std::ranges::begin(std::declval<Range&>()));
  using Sentinel = decltype(std::ranges::end(std::declval<Range&>()));
  using Plain = std::remove_cvref_t<Range>;
  // The items of a container that was given away may be moved; a view's belong to somebody else.
  static constexpr bool may_move = !std::is_lvalue_reference_v<Range> && !std::is_const_v<Range> &&
                                   !std::ranges::enable_view<Plain> &&
                                   std::is_lvalue_reference_v<std::iter_reference_t<Iterator>>;

 public:
  using Item = item_t<Range>;

  explicit RangeReader(Range&& range)
      : range_(std::forward<Range>(range)), at_(std::ranges::begin(range_)), end_(std::ranges::end(range_)) {}
  RangeReader(const RangeReader&) = delete;
  RangeReader& operator=(const RangeReader&) = delete;

  /// Steps over the item that was taken; false: there is no more. Not before it is needed: the step may make a
  /// generator compute.
  bool advance() {
    if (taken_) ++at_;
    taken_ = false;
    return !(at_ == end_);
  }
  Item take() {
    taken_ = true;
    if constexpr (may_move) {
      return Item(std::move(*at_));
    } else {
      return Item(*at_);
    }
  }
  std::size_t size_hint() const {
    if constexpr (requires(const Plain& range) { static_cast<std::size_t>(range.size()); }) {
      return static_cast<std::size_t>(range_.size());
    } else {
      return 0;
    }
  }

 private:
  Range range_;
  Iterator at_;
  Sentinel end_;
  bool taken_ = false;
};

/// The feed of `executor.map(function, ranges...)`. With `chunked` a call takes a vector of elements and gives a
/// ChunkResult, otherwise it is the plain call.
template <class Executor, class Function, class... Ranges>
class RangeFeed final : public MapFeed {
  using Element = typename MapElement<item_t<Ranges>...>::type;
  using R = map_result_t<Function, item_t<Ranges>...>;
  using Chunk = MapChunk<Function, item_t<Ranges>...>;
  static constexpr std::size_t most_reserved = 4096;  // nobody knows whether there are that many items

 public:
  RangeFeed(std::shared_ptr<ExecutorLink<Executor>> link, Function function, const MapOptions& options,
            Ranges&&... ranges)
      : link_(std::move(link)),
        function_(std::move(function)),
        readers_(std::forward<Ranges>(ranges)...),
        chunked_(options.chunksize != 1) {
    if (!is_default(options.task)) task_ = options.task;
  }

  void read_all() override {
    is_read_ = true;
    std::apply([this](auto& first, auto&...) { all_.reserve(first.size_hint()); }, readers_);
    while (advance()) all_.push_back(take());
  }

  std::size_t cut(std::size_t items) override {
    piece_.values.clear();
    piece_.values.reserve(items < most_reserved ? items : most_reserved);
    if (is_read_) {
      const std::size_t end = position_ + (items < left() ? items : left());
      // One by one, into an empty vector: items need not be assignable, like the elements of a std::map.
      for (; position_ < end; ++position_) piece_.values.push_back(std::move(all_[position_]));
    } else {
      while (piece_.values.size() < items && advance()) piece_.values.push_back(take());
    }
    return piece_.values.size();
  }

  void deal(std::size_t first, std::size_t stride, std::size_t items) override {
    piece_.values.clear();
    piece_.values.reserve(items);
    for (std::size_t i = 0; i < items; ++i) piece_.values.push_back(std::move(all_[position_ + first + i * stride]));
  }
  void skip(std::size_t items) noexcept override { position_ += items; }

  bool is_limited() const noexcept override { return AdmissionAccess::is_limited(*link_->executor); }

  AnyFuture submit(Admission admission) override {
    Executor* const executor = link_->executor;
    if (executor == nullptr) {
      throw RuntimeError(
          "concurrent::futures: map: the executor is gone, so no more calls can be submitted. Take the results while "
          "it "
          "lives, or leave buffersize out.");
    }
    if (chunked_) return submit_call(*executor, admission, Chunk{{function_}}, std::move(piece_));
    return submit_one(*executor, admission, std::index_sequence_for<Ranges...>());
  }

  std::size_t left() const noexcept override { return is_read_ ? all_.size() - position_ : unknown; }

  std::chrono::nanoseconds elapsed(FutureStateBase& state) const noexcept override {
    if (!chunked_ || state.state() != State::finished || state.failed()) return {};
    return static_cast<FutureState<ChunkResult<R>>&>(state).value().elapsed;
  }

 private:
  bool advance() {
    return std::apply([](auto&... readers) { return (readers.advance() && ...); }, readers_);
  }
  Element take() {
    if constexpr (sizeof...(Ranges) == 1) {
      return std::get<0>(readers_).take();
    } else {
      return std::apply([](auto&... readers) { return Element{readers.take()...}; }, readers_);
    }
  }
  template <std::size_t... i>
  AnyFuture submit_one(Executor& executor, Admission admission, std::index_sequence<i...>) {
    if constexpr (sizeof...(Ranges) == 1) {
      if constexpr (std::is_same_v<decltype(piece_.values.front()), Element&>) {
        return submit_call(executor, admission, function_, std::move(piece_.values.front()));
      } else {  // of a std::vector<bool>
        return submit_call(executor, admission, function_, Element(piece_.values.front()));
      }
    } else {
      return submit_call(executor, admission, function_, std::move(std::get<i>(piece_.values.front()))...);
    }
  }
  template <class... Call>
  AnyFuture submit_call(Executor& executor, [[maybe_unused]] Admission admission, Call&&... call) {
    if constexpr (AdmissionAccess::admits<Executor>()) {
      if (AdmissionAccess::is_limited(executor))
        return AdmissionAccess::submit(executor, admission, task_, std::forward<Call>(call)...);
    }
    if constexpr (requires { executor.submit(TaskOptions(), std::forward<Call>(call)...); }) {
      if (task_) return executor.submit(*task_, std::forward<Call>(call)...);
    }
    return executor.submit(std::forward<Call>(call)...);
  }

  std::shared_ptr<ExecutorLink<Executor>> link_;
  Function function_;
  std::tuple<RangeReader<Ranges>...> readers_;
  ChunkItems<Element> piece_;
  std::vector<Element> all_;  // after read_all
  std::size_t position_ = 0;
  bool is_read_ = false;
  const bool chunked_;
  std::optional<TaskOptions> task_;  // none: nothing special
};

}  // namespace concurrent::futures::inline v0::detail
