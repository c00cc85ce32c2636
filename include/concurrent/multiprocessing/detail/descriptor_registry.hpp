// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <pthread.h>
#include <unistd.h>

#include <mutex>
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
    const std::lock_guard lock(mutex_);
    descriptors_.push_back(fd);
  }
  void close(int fd) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(descriptors_, fd);
    ::close(fd);
  }
  /// The program has closed it.
  void forget(int fd) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(descriptors_, fd);
  }
  /// In a forked child: closes all of them.
  void close_all() noexcept {
    for (const int fd : descriptors_) ::close(fd);
    descriptors_.clear();
  }

 private:
  DescriptorRegistry() {
    // Held over every fork, so that the child finds it free and its list whole. A child that the program forks on its
    // own has no use for the connections, and while it held them no zygote could see that its caller has become another
    // program.
    ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                     [] {
                       instance().close_all();
                       instance().mutex_.unlock();
                     });
  }

  std::mutex mutex_;
  std::vector<int> descriptors_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
