// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Something that has to be brought to its end before something else may end: a pool before the program, a map before
/// its executor.
class Drainable {
 public:
  Drainable() = default;
  Drainable(const Drainable&) = delete;
  Drainable& operator=(const Drainable&) = delete;
  virtual ~Drainable() = default;
  /// Blocks until that is so.
  virtual void finish() = 0;
};

/// Those of them that still live. Threads: any.
class DrainableList {
 public:
  DrainableList() = default;
  CONCURRENT_FUTURES_INLINE ~DrainableList();
  /// False: finish_all has begun, and does not wait for this one.
  CONCURRENT_FUTURES_INLINE bool add(const std::shared_ptr<Drainable>& entry);
  /// Finishes each that was added. Whoever calls it meanwhile waits for them, too.
  CONCURRENT_FUTURES_INLINE void finish_all();

 private:
  struct Entry {
    std::weak_ptr<Drainable> drainable;
    Entry* next = nullptr;
  };

  multiprocessing::detail::Mutex mutex_;
  Entry* first_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = nullptr;  // constant once `finishing_`
  bool finishing_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/pool/drainable.impl.hpp>
#endif
