// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/version.hpp>

#include <pthread.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The descriptors by which this process talks to its zygotes. A zygote that is forked closes those of all the others,
/// so that none outlives its caller by holding another's connection open.
class DescriptorRegistry {
 public:
  static DescriptorRegistry& instance() {
    static DescriptorRegistry* const registry = new DescriptorRegistry;  // never destroyed: exit handlers may need it
    return *registry;
  }

  void add(int fd) {
    const MutexLock lock(mutex_);
    descriptors_.push_back(fd);
  }
  void close(int fd) noexcept {
    const MutexLock lock(mutex_);
    remove(fd);
    ::close(fd);
  }
  /// The program has closed it.
  void forget(int fd) noexcept {
    const MutexLock lock(mutex_);
    remove(fd);
  }
  /// In a forked child, where the lock is held since before the fork: closes all of them.
  void close_all() noexcept CONCURRENT_FUTURES_UNCHECKED_LOCKS {
    for (const int fd : descriptors_) ::close(fd);
    descriptors_.clear();
  }

 private:
  DescriptorRegistry() {
    // Held over every fork, so that the child finds it free and its list whole. A child that the program forks on its
    // own has no use for the connections, and while it held them no zygote could see that its caller has become another
    // program.
    ::pthread_atfork([]() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.lock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.unlock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS {
                       instance().close_all();
                       instance().mutex_.unlock();
                     });
  }

  void remove(int fd) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    for (std::size_t i = 0; i < descriptors_.size(); ++i) {
      if (descriptors_[i] != fd) continue;
      descriptors_[i] = descriptors_.back();
      descriptors_.pop_back();
      return;
    }
  }

  Mutex mutex_;
  std::vector<int> descriptors_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
