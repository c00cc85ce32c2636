// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/task_options.hpp>
#include <concurrent/pickle/reader.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <sched.h>

namespace concurrent::futures::inline v0::detail {

/// Whether terminate() has ended this future, at the last moment, before the outcome that was brought to it just now.
inline bool was_cancelled(const FutureStateBase& state) noexcept {
  while (!state.done()) ::sched_yield();  // it is about to
  return state.cancelled();
}

/// The state of a future that a pool whose workers are other processes will resolve, and the pool's item: one
/// allocation a task. It keeps the pool alive.
template <class R, class Serializer, class Pool>
class PoolFutureState final : public FutureState<R>, public Pool::Item {
 public:
  explicit PoolFutureState(Pool& pool) noexcept : pool_(&pool) { pool.add_reference(); }
  ~PoolFutureState() override { pool_->release(); }

  FutureStateBase& state() noexcept override { return *this; }
  std::size_t carried_bytes() const noexcept override { return this->call_size(); }
  void read_progress(std::uint64_t& now, std::uint64_t& all) noexcept override {
    pool_->read_progress(*this, now, all);
  }
  CallbackList load(pickle::Reader& reader) override {
    if constexpr (std::is_void_v<R>) {
      return this->finish_with_value();
    } else {
      return this->finish_with_value(Serializer::template load<R>(reader));
    }
  }

 protected:
  bool withdraw() noexcept override { return pool_->withdraw(*this); }
  bool taken() const noexcept override { return pool_->taken(*this); }
  bool stop() noexcept override { return pool_->stop(*this, OnStop::terminate); }
  bool ask_to_stop() noexcept override {
    return pool_->stop(*this, this->options != nullptr ? this->options->on_stop : OnStop::request);
  }
  bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline) override {
    return pool_->pump_until(word, old, deadline);
  }
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) override {
    return pool_->park(word, value, deadline);
  }

 private:
  Pool* pool_;
};

}  // namespace concurrent::futures::inline v0::detail
