// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/serializer.hpp>
#include <concurrent/futures/detail/nodes/direct_link.hpp>
#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/pool/at_exit.hpp>
#include <concurrent/futures/detail/pool/executor_base.hpp>
#include <concurrent/futures/detail/pool/refused.hpp>
#include <concurrent/futures/detail/pool/stop_watch.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/multiprocessing/detail/shared_name.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// While it lives, the end of the program waits for the pool.
class NodePoolShare final : public Drainable {
 public:
  NodePoolShare(MPIPoolOptions options, std::vector<NodePlace> places)
      : pool_(NodePool::make(std::move(options), std::move(places))) {}
  ~NodePoolShare() override {
    if (!pool_->is_here()) return;  // a fork's copy has neither the threads nor the right to end anything
    finish();
    pool_->release();
  }
  NodePool& pool() const noexcept { return *pool_; }

  void finish() noexcept override {
    if (!pool_->is_here()) return;
    pool_->shutdown(false);
    pool_->wait_until_ended((Deadline::max)());
  }

 private:
  NodePool* pool_;
};

/// What an executor over several nodes can do. `Self` is the executor.
template <class Self, class Serializer>
class NodePoolMembers : public ExecutorBase<Self> {
 public:
  /// For map: says at compile time what is wrong with a call.
  template <class Function, class... Args>
  using CallChecks = pickle::detail::CallChecks<serializer_for_t<Serializer, Function>, Function, Args...>;

  /// Ends each worker with SIGTERM, and with SIGKILL what has not gone after a second. Calls that no worker has taken
  /// become cancelled, the others fail with BrokenProcessPool, and the pool takes no more.
  void terminate_workers() {
    if (pool().is_here()) pool().stop_workers(SIGTERM);
  }
  /// The same with SIGKILL.
  void kill_workers() {
    if (pool().is_here()) pool().stop_workers(SIGKILL);
  }
  /// The ids of the workers that live; each on its own machine.
  ///
  /// Blocks: until each node has answered, for twelve seconds at most.
  std::vector<pid_t> processes() const { return pool().is_here() ? pool().processes() : std::vector<pid_t>(); }
  /// The nodes that have workers, or may have.
  std::vector<NodeInfo> nodes() const { return pool().is_here() ? pool().nodes() : std::vector<NodeInfo>(); }
  /// How workers are started.
  const multiprocessing::Context& mp_context() const noexcept { return pool().context(); }

 protected:
  NodePoolMembers(MPIPoolOptions options, std::vector<NodePlace> places)
      : share_(std::make_shared<NodePoolShare>(std::move(options), std::move(places))) {}
  ~NodePoolMembers() {
    if (pool().is_here()) this->finish_submitting_maps();
  }
  const std::shared_ptr<NodePoolShare>& share() const noexcept { return share_; }

 private:
  friend class ExecutorBase<Self>;
  friend struct AdmissionAccess;
  friend struct fmt::formatter<Self, char>;
  NodePool& pool() const noexcept { return share_->pool(); }
  static void check_task_options(const TaskOptions& options) { check_task(options); }
  static std::string name_for_messages() { return Self::executor_name(); }

  template <class Function, class... Args>
  auto submit_item(Admission admission, TaskOptions* options, Function&& fn, Args&&... args) {
    using Carrier = serializer_for_t<Serializer, Function>;
    using Call = CallChecks<std::decay_t<Function>, pickle::detail::SentBy<Serializer, Args>...>;
    Call::check();
    if constexpr (!Call::passed()) {
      return refused_future<std::decay_t<Function>, pickle::detail::SentBy<Serializer, Args>...>();
    } else {
      using Result = pickle::call_result_t<Function, Args...>;
      pool().check_open();
      const pickle::Audience audience = pool().audience();
      pickle::detail::Captures<std::decay_t<Function>>::check(fn, audience);
      const WaitingPlace<NodePool> place(pool(), admission);
      if (place.is_refused()) return Future<Result>(static_cast<FutureState<Result>*>(nullptr));
      auto* const state = new NodeFutureState<Result, Carrier>(pool());
      Future<Result> future(state);
      auto watch = StopWatch::make(options);
      if (options != nullptr) {
        if (is_stopped(*options)) {
          pool().count_unsent(&PoolStatistics::cancelled);
          FutureStateBase::run(state->finish_cancelled());
          return future;
        }
        state->retries_left = options->retries;
        state->options = pickle::detail::UniquePointer<TaskOptions>::make(std::move(*options));
      }
      BodyWriter writer(pool());
      writer.set_audience(audience);
      try {
        pickle::detail::dump_checked_call<Carrier>(writer, std::forward<Function>(fn), std::forward<Args>(args)...);
      } catch (const multiprocessing::detail::NotForOtherMachines&) {
        throw;
      } catch (...) {
        pool().count_unsent(&PoolStatistics::failed);
        FutureStateBase::run(state->finish_with_exception(std::current_exception()));
        return future;
      }
      pool().submit(*state, writer);
      StopWatch::begin(std::move(watch), *state);
      return future;
    }
  }

  std::shared_ptr<NodePoolShare> share_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
