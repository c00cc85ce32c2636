// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <memory>
#include <utility>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE DrainableList::~DrainableList() {
  while (first_ != nullptr) delete std::exchange(first_, first_->next);
}

CONCURRENT_FUTURES_INLINE bool DrainableList::add(const std::shared_ptr<Drainable>& drainable) {
  const multiprocessing::detail::MutexLock lock(mutex_);
  if (finishing_) return false;
  Entry** link = &first_;
  while (Entry* const entry = *link) {
    if (entry->drainable.expired()) {
      *link = entry->next;
      delete entry;
    } else {
      link = &entry->next;
    }
  }
  *link = new Entry{drainable};
  return true;
}

CONCURRENT_FUTURES_INLINE void DrainableList::finish_all() {
  const Entry* first = nullptr;
  {
    const multiprocessing::detail::MutexLock lock(mutex_);
    finishing_ = true;
    first = first_;
  }
  for (const Entry* entry = first; entry != nullptr; entry = entry->next) {
    if (const std::shared_ptr<Drainable> drainable = entry->drainable.lock()) drainable->finish();
  }
}

}  // namespace concurrent::futures::inline v0::detail
