// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/future.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0::detail {

template <class Range>
using element_of_t = std::remove_cvref_t<decltype(*std::ranges::begin(std::declval<Range&>()))>;

/// A pair whose first is a future, as the elements of a map from futures to what belongs to them.
template <class Element>
concept PairWithFuture = requires(const Element& element) {
  element.second;
  requires std::is_base_of_v<FutureHandle, std::remove_cvref_t<decltype(element.first)>>;
};

template <class Element>
struct FutureOf {
  using type = Future<Element>;  // refused: what looks at the results has nothing to say then
};
template <std::derived_from<FutureHandle> Element>
struct FutureOf<Element> {
  using type = Element;
};
template <PairWithFuture Element>
struct FutureOf<Element> {
  using type = std::remove_cvref_t<decltype(std::declval<Element&>().first)>;
};

/// What a range of futures holds, or a map has as keys: Future<T> or AnyFuture.
template <class Range>
using future_of_t = typename FutureOf<element_of_t<Range>>::type;

/// Says for each state whether it is new. States lie close together in memory as a rule, so a bit for each place where
/// one can be is cheaper than any table of hashes.
class SeenStates {
 public:
  template <class F>
  explicit SeenStates(const std::vector<F>& futures) {
    std::uintptr_t last = 0;
    for (const F& future : futures) {
      const std::uintptr_t place = place_of(future);
      if (place < first_) first_ = place;
      if (place > last) last = place;
    }
    const std::size_t words = futures.empty() ? 0 : (last - first_) / 64 + 1;
    if (words <= 8 * futures.size() + 64) {
      std::vector<std::uint64_t>(words).swap(bits_);
    } else {
      std::size_t size = 16;
      while (size < futures.size() * 2) size *= 2;
      std::vector<std::uintptr_t>(size).swap(table_);
    }
  }

  template <class F>
  bool is_new(const F& future) {
    const std::uintptr_t place = place_of(future);
    if (table_.empty()) {
      std::uint64_t& word = bits_[(place - first_) / 64];
      const std::uint64_t bit = std::uint64_t{1} << ((place - first_) % 64);
      return (std::exchange(word, word | bit) & bit) == 0;
    }
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = (place * 0x9e3779b97f4a7c15u >> 20) & mask;; at = (at + 1) & mask) {
      if (table_[at] == place) return false;
      if (table_[at] == 0) {
        table_[at] = place;
        return true;
      }
    }
  }

 private:
  template <class F>
  static std::uintptr_t place_of(const F& future) {
    return reinterpret_cast<std::uintptr_t>(HandleAccess::state(future)) / alignof(FutureStateBase);
  }

  std::uintptr_t first_ = UINTPTR_MAX;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uintptr_t> table_;
};

/// The futures of the range, or the keys of the map, each once, in its order. An rvalue vector is moved from.
template <class Range>
std::vector<future_of_t<Range>> collect(Range&& range) {
  using F = future_of_t<Range>;
  constexpr bool has_futures =
      std::is_base_of_v<FutureHandle, element_of_t<Range>> || PairWithFuture<element_of_t<Range>>;
  static_assert(
      has_futures,
      "concurrent::futures: the range holds no futures. Give wait and as_completed a range of Future<T> or of "
      "AnyFuture, or a map whose keys are futures.");
  std::vector<F> futures;
  if constexpr (!has_futures) {
    return futures;
  } else if constexpr (std::is_same_v<Range, std::vector<F>>) {
    futures = std::move(range);  // NOLINT(bugprone-move-forwarding-reference): Range is no reference here
  } else {
    if constexpr (requires { static_cast<std::size_t>(range.size()); }) {
      futures.reserve(static_cast<std::size_t>(range.size()));
    }
    if constexpr (PairWithFuture<element_of_t<Range>>) {
      for (auto&& pair : range) futures.push_back(pair.first);
    } else {
      for (auto&& future : range) futures.push_back(future);
    }
  }
  SeenStates seen(futures);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    HandleAccess::checked_state(futures[i]);
    if (!seen.is_new(futures[i])) continue;
    if (kept != i) futures[kept] = std::move(futures[i]);
    ++kept;
  }
  while (futures.size() > kept) futures.pop_back();
  return futures;
}

}  // namespace concurrent::futures::inline v0::detail
