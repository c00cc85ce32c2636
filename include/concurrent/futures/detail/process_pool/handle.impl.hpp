// SPDX-License-Identifier: BSL-1.0
// The executor's share of its pool.
#pragma once

#include <concurrent/futures/detail/pool/at_exit.hpp>
#include <concurrent/futures/detail/process_pool/handle.hpp>
#include <concurrent/futures/detail/process_pool/start.hpp>
#include <concurrent/futures/detail/process_pool/submit.hpp>
#include <concurrent/os/initialisation.hpp>

#include <memory>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// While it lives, the end of the program waits for the pool.
class ProcessPoolShare final : public Drainable {
 public:
  explicit ProcessPoolShare(ProcessPoolOptions options) : pool_(ProcessPool::make(std::move(options))) {}
  ~ProcessPoolShare() override {
    if (!pool_->is_here()) return;  // a fork's copy has neither the threads nor the right to end anything
    if (pool_->started()) finish();
    pool_->release();
  }
  ProcessPool* pool() const noexcept { return pool_; }

  void finish() noexcept override {
    if (!pool_->is_here()) return;
    pool_->shutdown(false);
    pool_->wait_until_ended((Deadline::max)());
  }

 private:
  ProcessPool* pool_;
};

CONCURRENT_FUTURES_INLINE ProcessPoolHandle::ProcessPoolHandle(ProcessPoolOptions options)
    : share_(std::make_shared<ProcessPoolShare>(std::move(options))), pool_(share_->pool()) {}

CONCURRENT_FUTURES_INLINE ProcessPoolHandle::~ProcessPoolHandle() = default;

CONCURRENT_FUTURES_INLINE void ProcessPoolHandle::start() {
  if (os::InitialisationSearch::finds()) return pool_->start_later(share_);
  pool_->start();
  ExitRegistry::instance().add(share_);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
