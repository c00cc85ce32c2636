// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/pickle/reader.hpp>

#include <cstddef>
#include <type_traits>

#include <sched.h>

namespace concurrent::futures::inline v0::detail {

/// Whether terminate() has ended this future, at the last moment, before the outcome that was brought to it just now.
inline bool was_cancelled(const FutureStateBase& state) noexcept {
  while (!state.done()) ::sched_yield();  // it is about to
  return state.cancelled();
}

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
      return this->finish_with_value(Serializer::template load<R>(reader));
    }
  }

 protected:
  const OwnedCall* owned_call() const noexcept override { return this; }
};

}  // namespace concurrent::futures::inline v0::detail
