// SPDX-License-Identifier: BSL-1.0
// What goes out and comes in.
#pragma once

#include <concurrent/futures/detail/nodes/mpi_job.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void MpiJob::send(int rank, Message message) {
  {
    const ipc::MutexLock lock(mutex_);
    Rank& to = *ranks_[static_cast<std::size_t>(rank)];
    if (to.is_lost) return;
    if (message.header.pool != 0) active_.store(true);
    to.out.push(std::move(message));
    if (!std::exchange(to.is_queued, true)) queued_.push_back(rank);
    has_news_.store(true, std::memory_order_seq_cst);
  }
  wake();
}

inline void MpiJob::wake() noexcept {
  signal_.fetch_add(1, std::memory_order_seq_cst);
  if (rests_.load(std::memory_order_seq_cst)) multiprocessing::detail::futex_wake(signal_);
}

/// True: something was begun, or has gone out.
inline bool MpiJob::send_some() {
  if (has_news_.exchange(false)) {
    const ipc::MutexLock lock(mutex_);
    sending_.insert(sending_.end(), queued_.begin(), queued_.end());
    queued_.clear();
  }
  bool any = false;
  std::erase_if(sending_, [&](int rank) { return !send_to(rank, any); });
  return any;
}

/// Sends what waits for a rank, one piece after the other. False: nothing is left.
inline bool MpiJob::send_to(int rank, bool& any) {
  Rank& to = *ranks_[static_cast<std::size_t>(rank)];
  for (;;) {
    if (to.request != MPI_REQUEST_NULL) {
      int done = 0;
      if (MPI_Test(&to.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
        to.request = MPI_REQUEST_NULL;
        lose(rank);
      } else if (done == 0) {
        return true;
      } else {
        any = true;
        to.sent += to.piece;
        if (to.piece > small) active_.store(true);
      }
    }
    if (to.is_lost || to.sent == to.sending.bytes().size()) {
      OutgoingBytes::Chunk gone;  // freed without the lock: it may be large
      const ipc::MutexLock lock(mutex_);
      gone = std::exchange(to.sending, {});
      to.sent = 0;
      if (to.is_lost || to.out.empty()) {
        to.is_queued = false;
        return false;
      }
      to.sending = to.out.pop();
    }
    const auto bytes = to.sending.bytes().subspan(to.sent);
    to.piece = (std::min)(bytes.size(), most_at_once);
    to.quiet = {};
    any = true;
    if (MPI_Isend(bytes.data(), static_cast<int>(to.piece), MPI_BYTE, rank, tag, comm_, &to.request) != MPI_SUCCESS)
      lose(rank);
  }
}

/// True: something was begun, or has come.
inline bool MpiJob::receive_some() {
  bool any = false;
  std::erase_if(arriving_, [&](int rank) {
    const bool arrived = has_arrived(rank);
    any = any || arrived;
    return arrived;
  });
  for (int round = 0; round < 64; ++round) {
    MPI_Message found = MPI_MESSAGE_NULL;
    MPI_Status status{};
    if (!probe(found, status)) break;
    any = true;
    Rank& from = *ranks_[static_cast<std::size_t>(status.MPI_SOURCE)];
    int count = 0;
    MPI_Get_count(&status, MPI_BYTE, &count);
    from.coming = static_cast<std::size_t>(count);
    // A body is a message of its own, or several, and goes where it shall lie.
    const std::span<std::byte> room = from.is_lost ? std::span<std::byte>() : from.in.room();
    from.comes_straight = !room.empty() && from.coming <= room.size();
    if (!from.comes_straight) from.arrived.resize(from.coming);
    std::byte* const to = from.comes_straight ? room.data() : from.arrived.data();
    if (MPI_Imrecv(to, count, MPI_BYTE, &found, &from.arriving) != MPI_SUCCESS) {
      lose(status.MPI_SOURCE);
    } else if (!has_arrived(status.MPI_SOURCE)) {
      arriving_.push_back(status.MPI_SOURCE);
    }
  }
  return any;
}

/// What stands for a rank is a stream, so that of each one piece at a time is received.
inline bool MpiJob::probe(MPI_Message& found, MPI_Status& status) {
  int flag = 0;
  if (arriving_.empty())
    return MPI_Improbe(MPI_ANY_SOURCE, tag, comm_, &flag, &found, &status) == MPI_SUCCESS && flag != 0;
  const int last = rank_ == 0 ? static_cast<int>(ranks_.size()) : 1;
  for (int rank = 0; rank < last; ++rank) {
    if (rank == rank_ || ranks_[static_cast<std::size_t>(rank)]->arriving != MPI_REQUEST_NULL) continue;
    if (MPI_Improbe(rank, tag, comm_, &flag, &found, &status) == MPI_SUCCESS && flag != 0) return true;
  }
  return false;
}

inline bool MpiJob::has_arrived(int rank) {
  Rank& from = *ranks_[static_cast<std::size_t>(rank)];
  int done = 0;
  if (MPI_Test(&from.arriving, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
    from.arriving = MPI_REQUEST_NULL;
    lose(rank);
    return true;
  }
  if (done == 0) return false;
  from.silence = {};
  if (from.is_lost) return true;
  const auto take = [&](Message message) { deliver(rank, std::move(message)); };
  if (from.comes_straight) {
    active_.store(true);
    from.in.filled(from.coming, take);
  } else {
    from.in.push(from.arrived, take, [&](Message& message) { return make_room(rank, message); });
  }
  return true;
}

/// Where the body of a message that is on its way shall lie.
inline std::byte* MpiJob::make_room(int rank, Message& message) {
  active_.store(true);
  if (rank_ != 0) {
    const auto at = agents_.find(message.header.pool);
    if (at != agents_.end() && at->second != nullptr) return at->second->agent.make_room(message);
  } else {
    const ipc::MutexLock lock(peers_mutex_);
    const auto at = peers_.find({rank, message.header.pool});
    if (at != peers_.end()) return at->second->make_room(message);
  }
  return plain_room(message);
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
  const ipc::MutexLock lock(peers_mutex_);
  const auto at = peers_.find({rank, message.header.pool});
  if (at != peers_.end()) at->second->receive(std::move(message));
}

inline void MpiJob::deliver_own(int rank, const Message& message) {
  if (message.kind() == MessageKind::leave) leaving_.store(true);
  if (message.kind() == MessageKind::beat) {
    MessageReader reader(message);
    if (rank_ != 0) timeout_.store(reader.next<std::int64_t>());
  }
  if (message.kind() == MessageKind::log) return deliver_log(rank, message);
  if (message.kind() != MessageKind::hello) return;
  MessageReader reader(message);
  Hello hello;
  hello.magic = reader.next<std::uint64_t>();
  hello.protocol = reader.next<std::uint32_t>();
  if (hello.magic == Hello::expected_magic && hello.protocol == Hello::expected_protocol) {
    hello.build = reader.next<std::uint64_t>();
    hello.host = reader.next<std::string>();
    hello.machine = reader.next<std::string>();
    hello.node = reader.next<std::string>();
    hello.pid = reader.next<pid_t>();
    hello.processors = reader.next<int>();
  }
  const ipc::MutexLock lock(mutex_);
  ranks_[static_cast<std::size_t>(rank)]->hello = hello;
  ranks_[static_cast<std::size_t>(rank)]->has_hello = true;
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
}

/// To one of the pools that use that node: a log's handler is the program's, and may take its time.
inline void MpiJob::deliver_log(int rank, const Message& message) {
  {
    const ipc::MutexLock lock(peers_mutex_);
    const auto at = peers_.lower_bound({rank, 0});
    if (at != peers_.end() && at->first.first == rank) return at->second->receive(message);
  }
  MessageReader reader(message);
  const auto level = reader.next<LogLevel>();
  log_to_stderr(level, reader.next<std::string>());
}

inline bool MpiJob::all_is_sent() {
  const ipc::MutexLock lock(mutex_);
  return std::all_of(ranks_.begin(), ranks_.end(), [](const auto& rank) { return rank->is_lost || !rank->is_queued; });
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
