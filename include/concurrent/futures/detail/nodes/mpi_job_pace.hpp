// SPDX-License-Identifier: BSL-1.0
// Who looks for messages, and for how long nobody does: MPI wakes no one.
#pragma once

#include <concurrent/futures/detail/nodes/mpi_job.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Something has happened after so long a time: learns whether it would have paid to poll for that long.
inline void MpiJob::learn(std::chrono::nanoseconds idle) noexcept {
  if (idle <= least_polling) return;  // says nothing
  polling_ = idle <= most_polling ? (std::min)(2 * polling_, most_polling) : (std::max)(polling_ / 4, least_polling);
}

inline bool MpiJob::has_pieces_under_way() const {
  return !arriving_.empty() || std::any_of(sending_.begin(), sending_.end(), [&](int rank) {
    return ranks_[static_cast<std::size_t>(rank)]->piece > small;
  });
}

/// In a thread that waits for a result.
inline bool MpiJob::drive() noexcept {
  if (!may_be_driven_.load(std::memory_order_relaxed) || !take_mpi()) return false;
  struct Leave {
    MpiJob& job;
    ~Leave() { job.leave_mpi(); }
  } const leave{*this};
  const bool sent = send_some();
  const bool received = receive_some();
  return sent || received;
}

inline void MpiJob::stop_driving() noexcept {
  last_driven_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  drivers_.fetch_sub(1, std::memory_order_release);
}

/// Whether a thread of the program looks for messages, or did so a moment ago and will again, as one does that takes
/// results one after the other.
inline bool MpiJob::is_driven() const noexcept {
  if (!may_be_driven_.load(std::memory_order_relaxed) || leaving_.load()) return false;
  if (drivers_.load(std::memory_order_acquire) != 0) return true;
  const Clock::time_point last{Clock::duration(last_driven_.load(std::memory_order_relaxed))};
  return Clock::now() - last < 2 * driven_look;
}

/// Nothing has happened: polls, then sleeps, the longer the longer nothing has. Who sends wakes it; MPI cannot.
///
/// A sleep takes longer than the way there and back of a short call, so that two sides that sleep do not get out of it:
/// each polls for as long as that has paid. Where all processors have calls to run, one of them would do without.
inline void MpiJob::rest(Clock::time_point idle_since, bool has_pieces, bool has_more) {
  if (is_driven()) {  // and not woken by who sends: that one is about to look itself, mostly
    multiprocessing::detail::futex_wait(signal_, signal_.load(), Clock::now() + driven_look);
    return;
  }
  const std::chrono::nanoseconds idle = Clock::now() - idle_since;
  ProcessPool* const pool = busy_pool();
  const bool scarce = NodeAgent::calls_here().load(std::memory_order_relaxed) >= processors_;
  if (idle < (scarce ? least_polling : polling_)) {
    if (pool != nullptr && pool->pump_until(signal_, signal_.load(), Clock::now())) return;
    ::sched_yield();  // whoever is to send, or has to be told, may wait for this processor
    return;
  }
  // What goes over in pieces goes on when both sides look.
  if (has_pieces && idle < std::chrono::seconds(2)) return static_cast<void>(::sched_yield());
  auto pause = std::chrono::microseconds(50);
  if (idle >= std::chrono::milliseconds(2)) pause = std::chrono::microseconds(200);
  if (idle >= std::chrono::milliseconds(50)) pause = std::chrono::microseconds(1000);
  if (idle >= std::chrono::seconds(1)) pause = std::chrono::microseconds(10'000);
  if (idle >= std::chrono::seconds(5)) pause = std::chrono::microseconds(20'000);
  if (idle >= std::chrono::seconds(1) && !has_pools()) pause = std::chrono::microseconds(50'000);
  if (has_more) pause = std::chrono::microseconds(50);
  const std::uint32_t seen = signal_.load(std::memory_order_seq_cst);
  rests_.store(true, std::memory_order_seq_cst);
  if (!has_news_.load(std::memory_order_seq_cst) && !(rank_ == 0 && leaving_.load())) {
    const auto until = Clock::now() + pause;
    static_cast<void>(pool != nullptr ? pool->park(signal_, seen, until)
                                      : multiprocessing::detail::futex_wait(signal_, seen, until));
  }
  rests_.store(false, std::memory_order_seq_cst);
}

/// Whether somebody has an executor: otherwise nothing is urgent.
inline bool MpiJob::has_pools() {
  if (rank_ != 0) return !agents_.empty();
  const ipc::MutexLock lock(peers_mutex_);
  return !peers_.empty();
}

inline ProcessPool* MpiJob::busy_pool() {
  for (const auto& [pool, agent] : agents_) {
    if (agent != nullptr && agent->agent.has_calls()) return agent->agent.pool();
  }
  return nullptr;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
