// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace concurrent::futures::inline v0::detail {

/// What the end of the program waits for: the pools of executors that nobody shut down, or that were shut down without
/// waiting. Never destroyed: statics may use it as they go. A forked child, which has none of the threads and may have
/// inherited a held lock, gets one of its own.
class ExitRegistry {
 public:
  static ExitRegistry& instance() {
    ExitRegistry* registry = current().load();
    while (registry == nullptr || !registry->fork_guard_.is_owner()) {
      auto* const fresh = new ExitRegistry;
      if (current().compare_exchange_strong(registry, fresh)) {
        registry = fresh;
        std::atexit([] { instance().run(); });
      } else {
        delete fresh;
      }
    }
    return *registry;
  }

  void add(const std::shared_ptr<Drainable>& pool) { pools_.add(pool); }

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
    pools_.finish_all();
  }

  DrainableList pools_;
  std::atomic<bool> exiting_{false};
  multiprocessing::detail::ForkGuard fork_guard_;
};

}  // namespace concurrent::futures::inline v0::detail
