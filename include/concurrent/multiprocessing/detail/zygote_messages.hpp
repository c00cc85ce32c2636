// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <sys/types.h>

#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What the caller asks its zygote for. One message a packet.
struct ZygoteRequest {
  enum class Kind : std::uint32_t { start, signal, sync, quit };

  Kind kind = Kind::quit;
  std::uint32_t worker = 0;  // the place that the worker takes or has
  std::uint64_t serial = 0;  // which of all the workers that this pool ever starts; sync: repeated in the answer
  std::int32_t signal = 0;   // for Kind::signal
  std::uint32_t name = 0;    // the number in the process's name
};

/// What the zygote tells.
struct ZygoteReport {
  enum class Kind : std::uint32_t { ready, started, ended, start_failed, synced };

  Kind kind = Kind::ready;
  std::uint32_t worker = 0;
  std::uint64_t serial = 0;
  std::int32_t pid = 0;
  std::int32_t status = 0;     // ended: as waitpid gives it; start_failed: errno
  std::uint32_t executed = 0;  // ended: it had become another program and was killed for that
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
