// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/unfinished.hpp>
#include <concurrent/multiprocessing/detail/process_mark.hpp>

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
    while (registry == nullptr || !registry->mark_.is_here()) {
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

  void add(const std::shared_ptr<Unfinished>& pool) { pools_.add(pool); }

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

  UnfinishedList pools_;
  std::atomic<bool> exiting_{false};
  multiprocessing::detail::ProcessMark mark_;
};

}  // namespace concurrent::futures::inline v0::detail
