// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE bool DrainableList::add(const std::shared_ptr<Drainable>& entry) {
  const multiprocessing::detail::MutexLock lock(mutex_);
  std::size_t kept = 0;  // not std::erase_if, which compiles ten times as long
  for (std::weak_ptr<Drainable>& weak : entries_) {
    if (!weak.expired()) entries_[kept++].swap(weak);
  }
  while (entries_.size() > kept) entries_.pop_back();
  if (!finishing_) entries_.push_back(entry);
  return !finishing_;
}

CONCURRENT_FUTURES_INLINE void DrainableList::finish_all() {
  std::vector<std::weak_ptr<Drainable>> entries;
  {
    const multiprocessing::detail::MutexLock lock(mutex_);
    finishing_ = true;
    entries = entries_;
  }
  for (const std::weak_ptr<Drainable>& weak : entries) {
    if (const std::shared_ptr<Drainable> entry = weak.lock()) entry->finish();
  }
}

}  // namespace concurrent::futures::inline v0::detail
