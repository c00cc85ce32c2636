// SPDX-License-Identifier: BSL-1.0
// Named instants of the protocol at which a test may make something go wrong. Without
// CONCURRENT_FUTURES_TEST_FAULTS they are nothing.
//
// Names begin with who passes them: worker, zygote, caller. Those called FAULT_ERROR stand before a system call and
// give the errno with which it is to fail, 0 for none.
#pragma once

#include <concurrent/version.hpp>

#ifdef CONCURRENT_FUTURES_TEST_FAULTS
#include <atomic>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Set by a test before it makes an executor; called with the name of each point that is passed, in whichever process
/// passes it. May throw only where the code around the point may.
inline std::atomic<void (*)(const char* point)> fault_hook{nullptr};
/// The same for system calls: returns the errno that the call fails with, or 0.
inline std::atomic<int (*)(const char* point)> fault_error_hook{nullptr};

inline void fault_point(const char* point) {
  if (auto* const hook = fault_hook.load(std::memory_order_relaxed)) hook(point);
}
inline int fault_error(const char* point) noexcept {
  auto* const hook = fault_error_hook.load(std::memory_order_relaxed);
  return hook != nullptr ? hook(point) : 0;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
#define CONCURRENT_FUTURES_FAULT_POINT(name) ::concurrent::multiprocessing::detail::fault_point(name)
#define CONCURRENT_FUTURES_FAULT_ERROR(name) ::concurrent::multiprocessing::detail::fault_error(name)
#else
#define CONCURRENT_FUTURES_FAULT_POINT(name) static_cast<void>(0)
#define CONCURRENT_FUTURES_FAULT_ERROR(name) 0
#endif
