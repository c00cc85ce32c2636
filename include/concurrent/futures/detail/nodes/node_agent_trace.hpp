// SPDX-License-Identifier: BSL-1.0
// What an agent's pool tells a trace goes to the caller, whose trace it is. Times are of this machine's clock.
#pragma once

#include <concurrent/futures/detail/nodes/node_agent.hpp>
#include <concurrent/futures/detail/nodes/relay_call.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

class AgentTrace final : public TraceSink {
 public:
  AgentTrace(NodeLink& back, std::uint32_t pool) noexcept : back_(&back), pool_(pool) {}

  void submitted(const void*, std::string) noexcept override {}  // the caller knows
  void ran(const void* task, TraceThread where, std::int64_t start, std::int64_t end, const char* outcome,
           bool again) noexcept override {
    const auto* const call = static_cast<const RelayCall*>(static_cast<const WorkItem*>(task));
    send(MessageKind::traced, [&](MessageWriter& message) {
      message << call->number() << where.process << start << end << std::string(outcome) << again;
    });
  }
  void ended(const void*) noexcept override {}
  void worker_started(TraceThread where, const std::string& name, std::int64_t since) noexcept override {
    send(MessageKind::lane, [&](MessageWriter& message) { message << true << where.process << name << since; });
  }
  void worker_ended(TraceThread where, const std::string& name, const std::string& how) noexcept override {
    send(MessageKind::lane, [&](MessageWriter& message) { message << false << where.process << name << how; });
  }
  std::string flush() noexcept override { return {}; }
  std::string close() noexcept override { return {}; }

 private:
  template <class Write>
  void send(MessageKind kind, Write write) noexcept {
    try {
      MessageWriter message(kind, pool_);
      write(message);
      back_->send(message.finish());
    } catch (const std::bad_alloc&) {  // it is left out
    }
  }

  NodeLink* back_;  // outlives the pool's threads
  std::uint32_t pool_;
};

/// From the next call on.
inline void NodeAgent::begin_trace() {
  if (pool() == nullptr) return;
  static_cast<void>(
      pool()->trace(pickle::detail::UniquePointer<AgentTrace>::make(*back_, id_.load(std::memory_order_relaxed))));
}

/// At once, in whatever thread has brought the question.
inline void NodeAgent::tell_time(const Message& question) {
  const auto asked = MessageReader(question).next<std::int64_t>();
  send((begin(MessageKind::clock) << asked << multiprocessing::detail::monotonic_nanoseconds()).finish());
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
