// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/process_mark.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Something with threads that the end of the program waits for: an executor that nobody shut down, or that was shut
/// down without waiting.
class EndsAtExit {
 public:
  EndsAtExit() = default;
  EndsAtExit(const EndsAtExit&) = delete;
  EndsAtExit& operator=(const EndsAtExit&) = delete;
  virtual ~EndsAtExit() = default;
  virtual void end_at_exit() noexcept = 0;
};

/// All of them. Never destroyed: statics may use it as they go. A forked child, which has none of the threads and may
/// have inherited a held lock, gets one of its own.
class ExitRegistry {
 public:
  static ExitRegistry& instance() {
    ExitRegistry* registry = current().load();
    while (registry == nullptr || !registry->mark_.is_here()) {
      auto fresh = std::unique_ptr<ExitRegistry>(new ExitRegistry);
      if (current().compare_exchange_strong(registry, fresh.get())) {
        registry = fresh.release();
        std::atexit([] { instance().run(); });
      }
    }
    return *registry;
  }

  void add(const std::shared_ptr<EndsAtExit>& entry) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const auto& weak) { return weak.expired(); });
    entries_.push_back(entry);
  }

  /// Nothing new is begun any more.
  static bool is_exiting() noexcept {
    const ExitRegistry* const registry = current().load(std::memory_order_acquire);
    return registry != nullptr && registry->exiting_.load(std::memory_order_relaxed);
  }

 private:
  ExitRegistry() = default;

  static std::atomic<ExitRegistry*>& current() noexcept {
    static constinit std::atomic<ExitRegistry*> registry{nullptr};
    return registry;
  }

  void run() {
    exiting_.store(true);
    std::vector<std::weak_ptr<EndsAtExit>> entries;
    {
      const std::lock_guard lock(mutex_);
      entries.swap(entries_);
    }
    for (const auto& weak : entries) {
      if (const std::shared_ptr<EndsAtExit> entry = weak.lock()) entry->end_at_exit();
    }
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<EndsAtExit>> entries_;
  std::atomic<bool> exiting_{false};
  multiprocessing::detail::ProcessMark mark_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
