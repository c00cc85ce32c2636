// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/map_mixin.hpp>
#include <concurrent/futures/detail/map/serializer.hpp>
#include <concurrent/futures/detail/nodes/direct_link.hpp>
#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/pool/at_exit.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/refused.hpp>
#include <concurrent/futures/detail/pool/stop_watch.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/multiprocessing/detail/shared_name.hpp>
#include <concurrent/pickle/call.hpp>

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
class NodePoolShare final : public Unfinished {
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
class NodePoolMembers : public MapMixin<Self>, public HasGlance {
 public:
  /// For map: says at compile time what is wrong with a call.
  template <class Function, class... Args>
  using CallChecks = pickle::detail::CallChecks<serializer_for_t<Serializer, Function>, Function, Args...>;

  /// Schedules `fn(args...)` in a worker on one of the nodes and returns its future. Function and arguments are pickled
  /// before submit returns; if that throws, the future fails with what it threw.
  ///
  /// Throws: RuntimeError after shutdown and in a fork; BrokenProcessPool when the pool is broken; PicklingError when
  /// a captured pointer points into this process, or where shared state would go to another node; QueueFull where it
  /// would have to wait in a callback.
  /// Blocks: with `max_pending`, while that many calls wait in this process.
  template <class Function, class... Args>
  auto submit(Function&& fn, Args&&... args) {
    return submit_item(Admission::wait, nullptr, std::forward<Function>(fn), std::forward<Args>(args)...);
  }
  /// The same with a time limit, retries, a priority, or a name for messages.
  template <class Function, class... Args>
  auto submit(TaskOptions options, Function&& fn, Args&&... args) {
    check_task(options);
    return submit_item(Admission::wait, &options, std::forward<Function>(fn), std::forward<Args>(args)...);
  }
  /// submit, if there is room for the call: nothing where `max_pending` calls wait already. It never waits.
  template <class Function, class... Args>
  auto try_submit(Function&& fn, Args&&... args) {
    return if_admitted(
        submit_item(Admission::attempt, nullptr, std::forward<Function>(fn), std::forward<Args>(args)...));
  }
  /// The same with options.
  template <class Function, class... Args>
  auto try_submit(TaskOptions options, Function&& fn, Args&&... args) {
    check_task(options);
    return if_admitted(
        submit_item(Admission::attempt, &options, std::forward<Function>(fn), std::forward<Args>(args)...));
  }

  /// As ProcessPoolExecutor's.
  void shutdown(bool wait = true, bool cancel_futures = false) {
    begin_shutdown(cancel_futures);
    if (wait && pool().is_here()) pool().wait_until_ended((Deadline::max)());
  }
  /// As shutdown(true, …) with a limit; false: it has not finished yet and goes on in the background.
  template <class Rep, class Period>
  bool shutdown_for(const std::chrono::duration<Rep, Period>& timeout, bool cancel_futures = false) {
    const Deadline deadline = deadline_after(timeout);
    begin_shutdown(cancel_futures);
    return pool().is_here() && pool().wait_until_ended(deadline);
  }

  /// Starts workers now, up to that many in all, the caller's node first.
  void warm_up(int workers) {
    if (pool().is_here()) pool().warm_up(workers);
  }
  /// Ends each worker with SIGTERM, and with SIGKILL what has not gone after a second. Calls that no worker has taken
  /// become cancelled, the others fail with BrokenProcessPool, and the pool takes no more.
  void terminate_workers() {
    if (pool().is_here()) pool().stop_workers(SIGTERM);
  }
  /// The same with SIGKILL.
  void kill_workers() {
    if (pool().is_here()) pool().stop_workers(SIGKILL);
  }
  /// As ProcessPoolExecutor's, one file for all nodes: their workers stand under the names of their nodes, and their
  /// clocks are compared with this machine's, so that times are right to about the half of a way there and back.
  ///
  /// Throws: RuntimeError when the pool is traced already or takes no more calls; std::system_error, which names the
  /// path. Blocks: until each node has told the time, for ten seconds at most.
  void trace(const std::string& path) {
    if (pool().is_here()) pool().trace(path);
  }
  /// Changes how many workers there are at most, up to the number with which this executor was made. Nodes that are to
  /// have none get no more calls; one that had workers keeps one idle.
  ///
  /// Throws: std::invalid_argument for a number that is not from 1 to the one that the executor was made with.
  void set_max_workers(int workers) {
    if (pool().is_here()) pool().set_max_workers(workers);
  }

  /// How many workers there are at most, on all nodes.
  int max_workers() const noexcept { return pool().max_workers(); }
  /// The ids of the workers that live; each on its own machine.
  ///
  /// Blocks: until each node has answered, for twelve seconds at most.
  std::vector<pid_t> processes() const { return pool().is_here() ? pool().processes() : std::vector<pid_t>(); }
  /// The nodes that have workers, or may have.
  std::vector<NodeInfo> nodes() const { return pool().is_here() ? pool().nodes() : std::vector<NodeInfo>(); }
  /// Submitted, not yet done.
  std::size_t pending_work_items() const { return pool().is_here() ? pool().pending_work_items() : 0; }
  /// How workers are started.
  const multiprocessing::Context& mp_context() const noexcept { return pool().context(); }
  /// What has been done so far. What nodes tell of their workers comes within 20 ms.
  PoolStatistics statistics() const { return pool().is_here() ? pool().statistics() : PoolStatistics{}; }

 protected:
  NodePoolMembers(MPIPoolOptions options, std::vector<NodePlace> places)
      : share_(std::make_shared<NodePoolShare>(std::move(options), std::move(places))) {}
  ~NodePoolMembers() {
    if (pool().is_here()) this->finish_submitting_maps();
  }
  const std::shared_ptr<NodePoolShare>& share() const noexcept { return share_; }

 private:
  friend struct AdmissionAccess;
  friend struct fmt::formatter<Self, char>;
  NodePool& pool() const noexcept { return share_->pool(); }
  bool has_limit() const noexcept { return pool().is_limited(); }
  PoolGlance glance() const { return pool().glance(); }
  static std::string name_for_messages() { return Self::executor_name(); }

  void begin_shutdown(bool cancel_futures) {
    if (!pool().is_here()) return;
    this->finish_submitting_maps();
    pool().shutdown(cancel_futures);
  }

  template <class Function, class... Args>
  auto submit_item(Admission admission, TaskOptions* options, Function&& fn, Args&&... args) {
    using Carrier = serializer_for_t<Serializer, Function>;
    using Call = CallChecks<std::decay_t<Function>, pickle::detail::Sent<Args>...>;
    Call::check();
    if constexpr (!Call::passed()) {
      return refused_future<std::decay_t<Function>, pickle::detail::Sent<Args>...>();
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
        state->options = std::make_unique<TaskOptions>(std::move(*options));
      }
      BodyWriter writer;
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
