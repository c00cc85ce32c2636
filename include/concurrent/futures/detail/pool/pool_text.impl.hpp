// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/pool_text.hpp>

#include <string>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE std::string describe(const PoolSnapshot& pool) {
  if (pool.phase == PoolSnapshot::Phase::elsewhere)
    return "belongs to process " + std::to_string(pool.process) + ", of which this one is a fork";
  std::string text;
  if (pool.phase == PoolSnapshot::Phase::shutting_down) text = "shutting down, ";
  if (pool.phase == PoolSnapshot::Phase::broken) text = "broken, ";
  if (pool.phase == PoolSnapshot::Phase::shut_down) text = "shut down, ";
  const bool ended = pool.phase == PoolSnapshot::Phase::shut_down || pool.phase == PoolSnapshot::Phase::broken;
  if (!ended || pool.busy != 0 || pool.queued != 0) {
    text += std::to_string(pool.workers) + (pool.workers == 1 ? " worker (" : " workers (") +
            std::to_string(pool.busy) + " busy), " + std::to_string(pool.queued) + " queued, ";
  }
  return text + std::to_string(pool.done) + " done";
}

}  // namespace concurrent::futures::inline v0::detail
