// SPDX-License-Identifier: BSL-1.0
// The processor's floating-point state as a worker begins with it: rounding, traps, what becomes of tiny numbers.
#pragma once

#include <concurrent/version.hpp>

#include <cfenv>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What a task leaves of it must not reach the next one.
class FloatingPointState {
 public:
  /// The state to go back to.
  void keep() noexcept { std::fegetenv(&kept_); }
  /// Cheap: a compare.
  void restore() const noexcept {
#if defined(__x86_64__)
    const unsigned now = __builtin_ia32_stmxcsr();
    if ((now & ~0x3Fu) != (kept_.__mxcsr & ~0x3Fu)) std::fesetenv(&kept_);
#else
    std::fesetenv(&kept_);
#endif
  }

 private:
  std::fenv_t kept_{};
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
