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
      : agent_(&agent), pool_(&pool), number_(number) {
    add_own_callback(*this);
  }

  std::uint64_t number() const noexcept { return number_; }
  bool told_started = false;  // under the agent's lock
  bool is_old = false;        // likewise: it was there at the last look
  std::uint64_t done = 0;     // likewise: what was told of its progress
  std::uint64_t total = 0;

  FutureStateBase& state() noexcept override { return *this; }
  CallbackList load(pickle::Reader& reader) override;
  CallbackList load_exception(pickle::Reader& reader, std::string worker_name, pid_t pid, std::string task) override;
  void read_progress(std::uint64_t& now, std::uint64_t& all) noexcept override {
    pool_->read_progress(*this, now, all);
  }
  const std::type_info& result_type() const noexcept override { return typeid(void); }

 protected:
  bool withdraw() noexcept override { return pool_->withdraw(*this); }
  bool taken() const noexcept override { return pool_->taken(*this); }
  bool stop() noexcept override { return pool_->stop(*this, OnStop::terminate); }
  bool ask_to_stop() noexcept override { return pool_->stop(*this, OnStop::request); }

 private:
  void run(FutureStateBase& state) override;
  void drop() noexcept override {}

  NodeAgent* agent_;
  ProcessPool* pool_;
  std::uint64_t number_;  // the caller's ticket
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
