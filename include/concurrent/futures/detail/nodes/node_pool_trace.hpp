// SPDX-License-Identifier: BSL-1.0
// A trace of what runs on several machines: one file, at the caller, with one clock, its own.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/trace/trace_open.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/pickle/call.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Returns when the nodes know that they are traced, and this one knows their clocks.
inline void NodePool::trace(const std::string& path) {
  const auto check = [&] {
    mutex_.is_held();
    check_traceable(trace_ != nullptr, shutting_down_ || !broken_.empty());
  };
  {
    const ipc::MutexLock lock(mutex_);
    check();
  }
  auto sink = open_trace(path);
  for (int i = 0; i < 5; ++i) ask_clocks();
  {
    const ipc::MutexLock lock(mutex_);
    check();
    trace_ = std::move(sink);
    for (const auto& node : nodes_) {
      if (node->is_open && !node->is_lost) node->link->send(MessageWriter(MessageKind::trace, id_).finish());
    }
  }
  wake_manager();  // it may sleep without an end, and has to write from now on
}

/// Once each, and waits for the answers.
inline void NodePool::ask_clocks() {
  const Deadline patience = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  std::uint32_t round = 0;
  for (bool first = true;; first = false) {
    const std::uint32_t seen = inbox_.answers();
    {
      const ipc::MutexLock lock(mutex_);
      if (first) round = ++clock_round_;
      bool waits = false;
      for (const auto& node : nodes_) {
        if (!node->is_open || node->is_lost || node->is_closed || node->local_pool != nullptr) continue;
        if (first) {
          node->clock_asked = round;
          ask_clock(*node);
        }
        waits = waits || node->clock_answered < round;
      }
      if (!waits) return;
    }
    if (std::chrono::steady_clock::now() >= patience) return;
    await_answer(seen, patience);
  }
}

inline void NodePool::ask_clock(PoolNode& node) {
  node.clock_asked_at = multiprocessing::detail::monotonic_nanoseconds();
  node.link->send((MessageWriter(MessageKind::clock, id_) << node.clock_asked_at).finish());
}

/// With the lock.
inline void NodePool::trace_submit(NodeItem& item) noexcept {
  try {
    const bool labelled = item.options != nullptr && !item.options->label.empty();
    trace_->submitted(&item, labelled ? item.options->label : pickle::describe_call(item.bytes.span()));
    item.traced = true;
  } catch (const std::bad_alloc&) {
  }
}

/// With the lock: what a node's trace would have been told. Its clock is asked again now and then.
inline void NodePool::take_trace(PoolNode& node, MessageKind kind, MessageReader& reader) {
  const auto here = [&](std::int64_t there) { return node.local_pool != nullptr ? there : node.clock.here(there); };
  // Ids of processes are a machine's own. So many bits have they at most.
  const auto lane = [&](pid_t pid) -> TraceThread {
    if (node.local_pool != nullptr) return {pid, pid};
    const pid_t process = ((node.place.rank % 500 + 1) << 22) + pid;
    return {process, process};
  };
  const auto now = multiprocessing::detail::monotonic_nanoseconds();
  if (node.local_pool == nullptr && now - node.clock_asked_at > 1'000'000'000) ask_clock(node);
  if (kind == MessageKind::traced) {
    const NodeItem* const item = ledger_.find(reader.next<std::uint64_t>());
    const auto where = lane(reader.next<pid_t>());
    const auto start = here(reader.next<std::int64_t>());
    const auto end = here(reader.next<std::int64_t>());
    const auto outcome = reader.next<std::string>();
    if (item != nullptr) trace_->ran(item, where, start, end, outcome.c_str(), reader.next<bool>());
    return;
  }
  const bool begins = reader.next<bool>();
  const auto where = lane(reader.next<pid_t>());
  auto name = reader.next<std::string>();
  if (node.local_pool == nullptr) name += " on " + node.label();
  if (begins) {
    trace_->worker_started(where, name, here(reader.next<std::int64_t>()));
  } else {
    trace_->worker_ended(where, name, reader.next<std::string>());
  }
}

/// In the manager's thread. True: there is a trace, so that it looks again soon.
inline bool NodePool::flush_trace(bool ends) {
  {
    const ipc::MutexLock lock(mutex_);
    if (trace_ == nullptr) return false;  // once it is there it stays
  }
  const std::string problem = ends ? trace_->close() : trace_->flush();
  if (!problem.empty()) log_message(LogLevel::error, problem);
  return true;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
