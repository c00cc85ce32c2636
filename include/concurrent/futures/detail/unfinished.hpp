// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/separate.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Something that has to be brought to its end before something else may end: a pool before the program, a map before
/// its executor.
class Unfinished {
 public:
  Unfinished() = default;
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  virtual ~Unfinished() = default;
  /// Blocks until that is so.
  virtual void finish() = 0;
};

/// Those of them that still live. Threads: any.
class UnfinishedList {
 public:
  CONCURRENT_FUTURES_INLINE void add(const std::shared_ptr<Unfinished>& entry);
  /// Finishes each, and knows none of them any more.
  CONCURRENT_FUTURES_INLINE void finish_all();

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Unfinished>> entries_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/unfinished_list.hpp>
#endif
