// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/pool_future_state.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>

#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

class ProcessPoolShare;

/// What an executor holds of its pool, in handle.impl.hpp.
class ProcessPoolHandle {
 public:
  /// Throws: as ProcessPool::make.
  explicit ProcessPoolHandle(ProcessPoolOptions options);
  ~ProcessPoolHandle();
  ProcessPoolHandle(const ProcessPoolHandle&) = delete;
  ProcessPoolHandle& operator=(const ProcessPoolHandle&) = delete;
  /// Throws: as ProcessPool::start.
  void start();
  ProcessPool& operator*() const noexcept { return *pool_; }

 private:
  std::shared_ptr<ProcessPoolShare> share_;
  ProcessPool* pool_;
};

/// The state of a future of this pool, and its work item.
template <class R, class Serializer>
using ProcessFutureState = PoolFutureState<R, Serializer, WorkItem>;

}  // namespace detail
}  // namespace concurrent::futures::inline v0
