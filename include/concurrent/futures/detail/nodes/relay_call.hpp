// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_state_base.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/process_pool/work_item.hpp>

#include <cstdint>
#include <string>
#include <typeinfo>

namespace concurrent::futures::inline v0 {
namespace detail {

class NodeAgent;

/// A call that an agent's pool runs for somebody else: to that pool a future like any other, whose result is sent on as
/// it is.
class RelayCall final : public FutureStateBase, public WorkItem, private Callback {
 public:
  RelayCall(NodeAgent& agent, ProcessPool& pool, std::uint64_t number) noexcept
      : FutureStateBase(&pool), agent_(&agent), number_(number) {
    add_own_callback(*this);
  }

  std::uint64_t number() const noexcept { return number_; }
  bool told_started = false;  // under the agent's lock
  bool is_old = false;        // likewise: it was there at the last look
  std::uint64_t done = 0;     // likewise: what was told of its progress
  std::uint64_t total = 0;

  FutureStateBase& state() noexcept override { return *this; }
  CallbackList load(pickle::Reader& reader) override;
  CallbackList load_block(pickle::Reader& reader, ResultBlock& where) override;
  CallbackList load_exception(pickle::Reader& reader, std::string worker_name, pid_t pid, std::string task) override;
  const std::type_info& result_type() const noexcept override { return typeid(void); }

 protected:
  const OwnedCall* owned_call() const noexcept override { return this; }

 private:
  void run(FutureStateBase& state) override;
  CallbackList send_value(pickle::Reader& reader, ResultBlock* where);
  void drop() noexcept override {}

  NodeAgent* agent_;
  std::uint64_t number_;  // the caller's ticket
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
