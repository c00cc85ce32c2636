// SPDX-License-Identifier: BSL-1.0
// Named instants of the protocol at which a test may make something go wrong. Without
// CONCURRENT_FUTURES_TEST_FAULTS they are nothing.
#pragma once

#ifdef CONCURRENT_FUTURES_TEST_FAULTS
#include <atomic>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Set by a test before it makes an executor; called with the name of each point that is passed, in whichever process
/// passes it. Must not throw.
inline std::atomic<void (*)(const char* point)> fault_hook{nullptr};

inline void fault_point(const char* point) noexcept {
  if (auto* const hook = fault_hook.load(std::memory_order_relaxed)) hook(point);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
#define CONCURRENT_FUTURES_FAULT_POINT(name) ::concurrent::multiprocessing::detail::fault_point(name)
#else
#define CONCURRENT_FUTURES_FAULT_POINT(name) static_cast<void>(0)
#endif
