// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/managed_object.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What one process of a client's has a share in, as long as it has a connection.
class ManagerSession {
 public:
  void take_share(const std::shared_ptr<ManagedObject>& object) {
    const MutexLock lock(mutex_);
    Share& share = shares_[object->id()];
    share.object = object;
    ++share.handles;
  }
  /// A message with a handle of this process's has arrived.
  void has_arrived(ObjectId object) noexcept {
    std::shared_ptr<ManagedObject> gone;  // destroyed when the mutex is free
    const MutexLock lock(mutex_);
    const auto found = shares_.find(object);
    if (found == shares_.end()) return;
    ++found->second.arrived;
    gone = drop_if_done(found);
  }
  void release(const ManagerRelease& release) noexcept {
    std::shared_ptr<ManagedObject> gone;
    const MutexLock lock(mutex_);
    const auto found = shares_.find(release.object);
    if (found == shares_.end() || found->second.handles == 0) return;
    --found->second.handles;
    found->second.sent += release.sent;
    gone = drop_if_done(found);
  }
  void clear() noexcept {
    Shares shares;
    const MutexLock lock(mutex_);
    shares.swap(shares_);
  }

 private:
  struct Share {
    std::shared_ptr<ManagedObject> object;
    std::uint64_t handles = 0;
    std::uint64_t sent = 0;  // by handles that have gone
    std::uint64_t arrived = 0;
  };
  using Shares = std::unordered_map<ObjectId, Share>;

  std::shared_ptr<ManagedObject> drop_if_done(Shares::iterator share) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    if (share->second.handles != 0 || share->second.arrived < share->second.sent) return nullptr;
    std::shared_ptr<ManagedObject> object = std::move(share->second.object);
    shares_.erase(share);
    return object;
  }

  Mutex mutex_;
  Shares shares_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
