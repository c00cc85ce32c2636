// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/pages.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Tells whether the process that made this object is the one that asks. The kernel wipes the page on every fork,
/// also on one that goes round the C library, so asking costs a load and no system call.
class ForkGuard {
 public:
  ForkGuard() noexcept : pid_(::getpid()) {
    void* page = ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (!os::wipe_in_forks(page, page_size)) {  // before Linux 4.14: ask for the pid instead
      ::munmap(page, page_size);
      return;
    }
    page_ = ::new (page) std::atomic<int>(1);
  }
  ~ForkGuard() {
    if (page_ != nullptr) ::munmap(page_, page_size);
  }
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

  bool is_owner() const noexcept {
    return page_ != nullptr ? page_->load(std::memory_order_relaxed) != 0 : ::getpid() == pid_;
  }
  /// From here on it is this process that has made the object.
  void take_over() noexcept {
    pid_ = ::getpid();
    if (page_ != nullptr) page_->store(1, std::memory_order_relaxed);
  }
  /// The process that made this object.
  pid_t pid() const noexcept { return pid_; }

 private:
  static constexpr std::size_t page_size = 4096;
  std::atomic<int>* page_ = nullptr;
  pid_t pid_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
