// SPDX-License-Identifier: BSL-1.0
// What a thread does that waits for a future of this pool.
#pragma once

#include <concurrent/futures/detail/nodes/node_agent.hpp>
#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A thread that is about to block on `word` handles what comes, and works for the node that is in this process.
inline bool NodePool::pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline) {
  if (!is_here()) {
    throw RuntimeError("concurrent::futures: this future belongs to process " + std::to_string(fork_guard_.pid()) +
                       ", of which this process is a fork; it will never be done here.");
  }
  const auto changed = [&] { return word.load(std::memory_order_acquire) != old; };
  if (is_own_thread()) {  // a callback that waits: nobody else would do the work
    while (!changed() && std::chrono::steady_clock::now() < deadline) {
      const std::uint32_t seen = inbox_.signal().load(std::memory_order_acquire);
      if (!pump_results())
        inbox_.sleep(seen, (std::min)(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(10)));
    }
    return true;
  }
  inbox_.begin_to_pump();
  const std::uint32_t seen = inbox_.signal().load(std::memory_order_acquire);
  if (pump_results() || changed()) {
    inbox_.stop_pumping();
    pump_results();
    return true;
  }
  ProcessPool* const local = local_pool_.load(std::memory_order_acquire);
  const bool found = local != nullptr && local->pump_until(inbox_.signal(), seen, deadline);
  if (!found && nodes_.size() > (local != nullptr ? 1U : 0U) && !processors_are_scarce()) {
    // Either this thread looks for messages itself, or another one brings them and has the processor between two looks.
    NodeDriver* const driver = local == nullptr ? driver_ : nullptr;
    if (driver != nullptr) driver->begin_to_drive();
    const Deadline enough =
        std::chrono::steady_clock::now() + std::chrono::nanoseconds(polling_.load(std::memory_order_relaxed));
    while (inbox_.signal().load(std::memory_order_acquire) == seen && !changed() &&
           std::chrono::steady_clock::now() < enough) {
      if (driver == nullptr || !driver->drive()) ::sched_yield();
    }
    if (driver != nullptr) driver->stop_driving();
  }
  inbox_.stop_pumping();
  return pump_results() || changed();
}

/// When polling has not helped. The result of a worker on the caller's own node wakes this thread itself; where there
/// is no such node, so does whoever brings something.
inline bool NodePool::park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) {
  if (!is_here() || is_own_thread()) return multiprocessing::detail::futex_wait(word, value, deadline);
  const auto before = std::chrono::steady_clock::now();
  bool in_time = true;
  if (ProcessPool* const local = local_pool_.load(std::memory_order_acquire)) {
    // What comes from other nodes wakes the manager, which a callback may hold up: this thread looks itself then.
    for (;;) {
      const Deadline look = nodes_.size() == 1
                                ? deadline
                                : (std::min)(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
      in_time = local->park(word, value, look);
      if (in_time || look == deadline || word.load(std::memory_order_acquire) != value || pump_results()) break;
    }
    in_time = in_time || std::chrono::steady_clock::now() < deadline;
  } else {
    if (!inbox_.park(word, value, deadline)) {
      pump_results();  // of which nobody else has been told
      return multiprocessing::detail::futex_wait(word, value, deadline);
    }
    in_time = deadline == (Deadline::max)() || std::chrono::steady_clock::now() < deadline;
  }
  pump_results();
  learn_polling(std::chrono::steady_clock::now() - before);
  return in_time;
}

/// A thread has slept for so long: would it have paid to poll instead? A sleep costs as much as the way to a node and
/// back.
inline void NodePool::learn_polling(std::chrono::nanoseconds slept) noexcept {
  constexpr std::int64_t least = 50'000;
  constexpr std::int64_t most = 1'000'000;
  const std::int64_t now = polling_.load(std::memory_order_relaxed);
  polling_.store(slept.count() <= most ? (std::min)(2 * now, most) : (std::max)(now / 4, least),
                 std::memory_order_relaxed);
}

/// Where calls wait for the processors of this node, one of them would do without while a thread polls.
inline bool NodePool::processors_are_scarce() const noexcept {
  static const int processors = multiprocessing::usable_cpu_count();
  return NodeAgent::calls_here().load(std::memory_order_relaxed) >= processors;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
