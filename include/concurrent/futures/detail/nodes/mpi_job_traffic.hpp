// SPDX-License-Identifier: BSL-1.0
// What goes out and comes in.
#pragma once

#include <concurrent/futures/detail/nodes/mpi_job.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void MpiJob::send(int rank, Message message) {
  {
    const std::lock_guard lock(mutex_);
    Rank& to = *ranks_[static_cast<std::size_t>(rank)];
    if (to.is_lost) return;
    if (message.header.pool != 0) active_.store(true);
    to.out.push(std::move(message));
  }
  signal_.fetch_add(1, std::memory_order_seq_cst);
  if (rests_.load(std::memory_order_seq_cst)) multiprocessing::detail::futex_wake(signal_);
}

/// True: something was begun, or has gone out.
inline bool MpiJob::send_some() {
  bool any = false;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& to = *ranks_[i];
    if (to.request != MPI_REQUEST_NULL) {
      int done = 0;
      if (MPI_Test(&to.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
        to.request = MPI_REQUEST_NULL;
        lose(static_cast<int>(i));
        continue;
      }
      if (done == 0) continue;
      any = true;
      to.sent += to.piece;
      to.request = MPI_REQUEST_NULL;
    }
    if (to.sent == to.sending.bytes().size()) {
      const std::lock_guard lock(mutex_);
      to.sending = {};
      to.sent = 0;
      if (to.is_lost || to.out.empty()) continue;
      to.sending = to.out.pop();
    }
    const auto bytes = to.sending.bytes().subspan(to.sent);
    to.piece = (std::min)(bytes.size(), most_at_once);
    to.quiet = {};
    any = true;
    if (MPI_Isend(bytes.data(), static_cast<int>(to.piece), MPI_BYTE, static_cast<int>(i), tag, comm_, &to.request) !=
        MPI_SUCCESS)
      lose(static_cast<int>(i));
  }
  return any;
}

inline bool MpiJob::receive_some() {
  for (int round = 0; round < 64; ++round) {
    if (arriving_ == MPI_REQUEST_NULL) {
      int flag = 0;
      MPI_Message found = MPI_MESSAGE_NULL;
      MPI_Status status{};
      if (MPI_Improbe(MPI_ANY_SOURCE, tag, comm_, &flag, &found, &status) != MPI_SUCCESS || flag == 0)
        return round != 0;
      int count = 0;
      MPI_Get_count(&status, MPI_BYTE, &count);
      arrived_.resize(static_cast<std::size_t>(count));
      arriving_from_ = status.MPI_SOURCE;
      if (MPI_Imrecv(arrived_.data(), count, MPI_BYTE, &found, &arriving_) != MPI_SUCCESS) return true;
    }
    int done = 0;
    if (MPI_Test(&arriving_, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
      arriving_ = MPI_REQUEST_NULL;
      lose(arriving_from_);
      continue;
    }
    if (done == 0) return round != 0;
    arriving_ = MPI_REQUEST_NULL;
    Rank& from = *ranks_[static_cast<std::size_t>(arriving_from_)];
    from.silence = {};
    if (from.is_lost) continue;
    from.in.push(arrived_, [&](Message message) { deliver(arriving_from_, std::move(message)); });
    if (arrived_.capacity() > most_kept) std::vector<std::byte>().swap(arrived_);
  }
  return true;
}

inline void MpiJob::deliver(int rank, Message message) {
  if (message.header.pool == 0) return deliver_own(rank, message);
  active_.store(true);
  if (rank_ != 0) {
    auto& agent = agents_[message.header.pool];
    if (agent == nullptr) {
      if (message.kind() != MessageKind::open) return static_cast<void>(agents_.erase(message.header.pool));
      agent = std::make_unique<Agent>(*this);
    }
    return agent->agent.receive(std::move(message));
  }
  const std::lock_guard lock(peers_mutex_);
  const auto at = peers_.find({rank, message.header.pool});
  if (at != peers_.end()) at->second->receive(std::move(message));
}

inline void MpiJob::deliver_own(int rank, const Message& message) {
  if (message.kind() == MessageKind::leave) leaving_.store(true);
  if (message.kind() == MessageKind::beat) {
    MessageReader reader(message);
    if (rank_ != 0) timeout_.store(reader.next<std::int64_t>());
  }
  if (message.kind() != MessageKind::hello) return;
  MessageReader reader(message);
  Hello hello;
  hello.magic = reader.next<std::uint64_t>();
  hello.protocol = reader.next<std::uint32_t>();
  if (hello.magic == Hello::expected_magic && hello.protocol == Hello::expected_protocol) {
    hello.build = reader.next<std::uint64_t>();
    hello.host = reader.next<std::string>();
    hello.pid = reader.next<pid_t>();
    hello.processors = reader.next<int>();
  }
  const std::lock_guard lock(mutex_);
  ranks_[static_cast<std::size_t>(rank)]->hello = hello;
  ranks_[static_cast<std::size_t>(rank)]->has_hello = true;
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
}

inline bool MpiJob::all_is_sent() {
  const std::lock_guard lock(mutex_);
  return std::all_of(ranks_.begin(), ranks_.end(), [](const auto& rank) {
    return rank->is_lost ||
           (rank->out.empty() && rank->request == MPI_REQUEST_NULL && rank->sent == rank->sending.bytes().size());
  });
}

/// Nothing has happened: polls, then sleeps, the longer the longer nothing has. Who sends wakes it; MPI cannot.
inline void MpiJob::rest(Clock::time_point idle_since) {
  const auto idle = Clock::now() - idle_since;
  ProcessPool* const pool = busy_pool();
  if (idle < std::chrono::microseconds(100)) {
    if (pool != nullptr) static_cast<void>(pool->drive(signal_, signal_.load(), Clock::now()));
    return static_cast<void>(::sched_yield());
  }
  // What goes over in pieces goes on when both sides look.
  bool is_large = arriving_ != MPI_REQUEST_NULL;
  for (const auto& rank : ranks_)
    is_large = is_large || (rank->request != MPI_REQUEST_NULL && rank->piece > most_kept / 16);
  if (is_large && idle < std::chrono::seconds(2)) return static_cast<void>(::sched_yield());
  auto pause = std::chrono::microseconds(50);
  if (idle >= std::chrono::milliseconds(2)) pause = std::chrono::microseconds(200);
  if (idle >= std::chrono::milliseconds(50)) pause = std::chrono::microseconds(1000);
  if (idle >= std::chrono::seconds(1)) pause = std::chrono::microseconds(10'000);
  for (const auto& rank : ranks_) {
    if (rank->request != MPI_REQUEST_NULL) pause = (std::min)(pause, std::chrono::microseconds(50));
  }
  const std::uint32_t seen = signal_.load(std::memory_order_seq_cst);
  rests_.store(true, std::memory_order_seq_cst);
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    waits = std::any_of(ranks_.begin(), ranks_.end(), [](const auto& rank) {
      return !rank->is_lost && !rank->out.empty() && rank->request == MPI_REQUEST_NULL;
    });
  }
  if (!waits) {
    const auto until = Clock::now() + pause;
    static_cast<void>(pool != nullptr ? pool->doze(signal_, seen, until)
                                      : multiprocessing::detail::futex_wait(signal_, seen, until));
  }
  rests_.store(false, std::memory_order_seq_cst);
}

inline ProcessPool* MpiJob::busy_pool() {
  for (const auto& [pool, agent] : agents_) {
    if (agent != nullptr && agent->agent.has_calls()) return agent->agent.pool();
  }
  return nullptr;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
