// SPDX-License-Identifier: BSL-1.0
// Calls of the system that fail on request, in this process and in those it starts: the program's own definition of
// the function comes before the C library's.
#pragma once

#include <cstdint>
#include <string>

#include "support/sanitizers.hpp"
#include "support/shared.hpp"

namespace conformance {

/// Whether functions of the C library can be replaced here; with a sanitizer, which replaces them itself, they cannot.
inline constexpr bool can_interpose = SUPPORT_SANITIZED == 0;

/// While it lives, and while its count is not used up, calls of one function fail. Make it before the executor.
class FailingCalls {
 public:
  /// `call`: "fork" (and posix_spawn), "pthread_create" or "sysconf".
  explicit FailingCalls(const std::string& call);
  ~FailingCalls();
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  static constexpr std::uint32_t always = 1'000'000'000;

  /// The next `count` calls fail, in whatever process.
  void fail(std::uint32_t count = always) const { left_.set(count); }
  void stop() const { left_.set(0); }
  std::uint32_t failed() const { return failed_.value(); }

 private:
  std::string variable_;
  support::Word left_;
  support::Counter failed_;
};

}  // namespace conformance
