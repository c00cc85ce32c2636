// SPDX-License-Identifier: BSL-1.0
// Who is there, and who has been lost.
#pragma once

#include <concurrent/futures/detail/nodes/mpi_job.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void MpiJob::count_silence(std::chrono::nanoseconds passed) {
  const std::chrono::nanoseconds timeout = patience();
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = *ranks_[i];
    if (static_cast<int>(i) == rank_ || rank.is_lost || (rank_ != 0 && i != 0)) continue;
    rank.silence += passed;
    rank.quiet += passed;
    if (rank.quiet >= (std::min)(timeout / 4, std::chrono::nanoseconds(std::chrono::seconds(1)))) {
      rank.quiet = {};
      send(static_cast<int>(i), (MessageWriter(MessageKind::beat) << timeout_.load()).finish());
    }
    if (rank.silence >= timeout && (rank.has_hello || rank_ != 0)) lose(static_cast<int>(i));
  }
}

inline void MpiJob::lose(int rank) {
  {
    const ipc::MutexLock lock(mutex_);
    if (std::exchange(ranks_[static_cast<std::size_t>(rank)]->is_lost, true)) return;
  }
  if (rank_ != 0) {
    caller_is_lost_ = true;
    return;
  }
  const ipc::MutexLock lock(peers_mutex_);
  for (const auto& [key, peer] : peers_) {
    if (key.first == rank) peer->lost("it has said nothing for longer than node_timeout, or MPI reports an error.");
  }
}

inline void MpiJob::clear_agents_away(bool all) {
  for (auto at = agents_.begin(); at != agents_.end();) {
    if (all || at->second->agent.has_ended()) {
      at = agents_.erase(at);
    } else {
      ++at;
    }
  }
}

inline void MpiJob::listen(int rank, std::uint32_t pool, NodePeer& peer) {
  bool is_lost = false;
  {
    const ipc::MutexLock lock(mutex_);
    is_lost = ranks_[static_cast<std::size_t>(rank)]->is_lost;
  }
  const ipc::MutexLock lock(peers_mutex_);
  peers_[{rank, pool}] = &peer;
  if (is_lost) peer.lost("it was lost before.");
}

inline void MpiJob::stop_listening(int rank, std::uint32_t pool) noexcept {
  const ipc::MutexLock lock(peers_mutex_);
  peers_.erase({rank, pool});
}

/// The first rank of each node, and how many workers there may be.
inline std::vector<NodePlace> MpiJob::places(std::chrono::nanoseconds node_timeout) {
  timeout_.store(node_timeout.count());
  const Deadline deadline = Clock::now() + std::chrono::seconds(60);
  ipc::MutexLock lock(mutex_);
  for (;;) {
    const std::uint32_t seen = hellos_.load();
    if (!problem_.empty()) throw RuntimeError("concurrent::futures: " + problem_);
    int silent = has_begun_ ? -1 : 0;
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
      if (!ranks_[i]->has_hello) silent = static_cast<int>(i);
    }
    if (silent < 0) break;
    if (Clock::now() >= deadline) {
      throw RuntimeError("concurrent::futures: rank " + std::to_string(silent) +
                         " has not become a node's agent within a minute. Make this the first line of main, before "
                         "anything that takes long:\n    concurrent::multiprocessing::freeze_support(argc, argv);");
    }
    lock.unlock();
    multiprocessing::detail::futex_wait(hellos_, seen, deadline);
    lock.lock();
  }
  lock.unlock();
  for (std::size_t i = 1; i < ranks_.size(); ++i)
    send(static_cast<int>(i), (MessageWriter(MessageKind::beat) << timeout_.load()).finish());
  lock.lock();
  std::vector<NodePlace> places;
  const Hello& own = ranks_[0]->hello;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Hello& hello = ranks_[i]->hello;
    if (hello.magic != own.magic || hello.protocol != own.protocol || hello.build != own.build) {
      throw RuntimeError(
          "concurrent::futures: " + node_label(hello.host.empty() ? "a node" : hello.host, static_cast<int>(i)) +
          " runs another build of this program: build id " + std::to_string(hello.build) + " there, " +
          std::to_string(own.build) + " on " + own.host + ". Copy the same file to all nodes.");
    }
    // One agent a node: the first rank there that is not lost. The others wait for the end of the program.
    bool is_agent = !ranks_[i]->is_lost;
    int on_node = 0;
    int on_machine = 0;
    int before = 0;
    for (std::size_t other = 0; other < ranks_.size(); ++other) {
      const Hello& theirs = ranks_[other]->hello;
      if (theirs.machine != hello.machine) continue;
      ++on_machine;
      if (other < i) ++before;
      if (theirs.node != hello.node) continue;
      ++on_node;
      is_agent = is_agent && (other >= i || ranks_[other]->is_lost);
    }
    if (!is_agent) continue;
    NodePlace place;
    place.host = hello.host;
    place.rank = static_cast<int>(i);
    place.pid = hello.pid;
    place.processors = hello.processors;
    if (on_node > 1) {
      place.processors = on_node;  // who starts a rank for each core has said how many workers there shall be
    } else if (on_machine > 1) {
      place.processors = hello.processors / on_machine + (before < hello.processors % on_machine ? 1 : 0);
    }
    place.processors = (std::max)(1, place.processors);
    place.is_local = i == 0;
    if (place.is_local) {
      place.connection = std::make_shared<DirectConnection>(&undo_binding);
    } else {
      place.connection = std::make_shared<MpiConnection>(*this, static_cast<int>(i));
    }
    places.push_back(std::move(place));
  }
  return places;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
