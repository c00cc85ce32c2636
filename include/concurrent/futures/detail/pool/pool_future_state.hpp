// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/future/result_destination.hpp>
#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/sequence.hpp>

#include <cstddef>
#include <cstring>
#include <type_traits>

#include <sched.h>

namespace concurrent::futures::inline v0::detail {

/// Whether terminate() has ended this future, at the last moment, before the outcome that was brought to it just now.
inline bool was_cancelled(const FutureStateBase& state) noexcept {
  while (!state.done()) ::sched_yield();  // it is about to
  return state.cancelled();
}

/// A result that arrives as one block of its elements, which can go to where somebody wants them.
template <class R, class Serializer>
inline constexpr bool arrives_as_block = false;
template <class R>
  requires ContiguousResult<R> && std::is_default_constructible_v<R> && std::is_default_constructible_v<ElementOf<R>> &&
               std::is_copy_assignable_v<ElementOf<R>>
inline constexpr bool arrives_as_block<R, pickle::Pickle> =
    !pickle::detail::has_own_pickler<R> && pickle::detail::BlockShape<R> &&
    (pickle::detail::kind_of<R>() == pickle::detail::Kind::sequence ||
     pickle::detail::kind_of<R>() == pickle::detail::Kind::string);

/// The state of a future that a pool whose workers are other processes will resolve, and the pool's item: one
/// allocation a task.
template <class R, class Serializer, class Item>
class PoolFutureState final : public FutureState<R>, public Item {
 public:
  explicit PoolFutureState(FutureOwner& pool) noexcept : FutureState<R>(&pool) {}

  FutureStateBase& state() noexcept override { return *this; }
  std::size_t carried_bytes() const noexcept override { return this->call_size(); }
  CallbackList load(pickle::Reader& reader) override {
    if constexpr (std::is_void_v<R>) {
      return this->finish_with_value();
    } else {
      if constexpr (arrives_as_block<R, Serializer>) {
        if (ResultDestination* const destination = this->take_destination(); destination != nullptr) [[unlikely]]
          return this->finish_with_value(load_into(*destination, reader));
      }
      return this->finish_with_value(Serializer::template load<R>(reader));
    }
  }

 protected:
  const OwnedCall* owned_call() const noexcept override { return this; }

 private:
  /// What is left for the future: nothing, or where there was no room, all of it.
  static R load_into(ResultDestination& destination, pickle::Reader& reader) {
    using Element = ElementOf<R>;
    try {
      const auto [block, count] = pickle::detail::view_block<Element>(reader);
      R value;
      if (destination.takes(count * sizeof(Element))) {
        destination.fill(block, count * sizeof(Element));
      } else {
        value.resize(count);
        if (count != 0) std::memcpy(value.data(), block, count * sizeof(Element));
        destination.leave();
      }
      return value;
    } catch (...) {
      destination.leave();
      throw;
    }
  }
};

}  // namespace concurrent::futures::inline v0::detail
