// SPDX-License-Identifier: BSL-1.0
// What fmt::format gives for an executor.
#pragma once

#include <concurrent/config.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

#include <sys/types.h>

#include <fmt/core.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A pool at one moment; its tasks are each in one of the three.
struct PoolSnapshot {
  enum class Phase { open, shutting_down, shut_down, broken, elsewhere };

  PoolSnapshot(pid_t owner, bool is_here) noexcept : phase(is_here ? Phase::open : Phase::elsewhere), process(owner) {}
  void set_phase(bool is_broken, bool shuts_down, bool has_ended) noexcept {
    if (is_broken) {
      phase = Phase::broken;
    } else if (shuts_down) {
      phase = has_ended ? Phase::shut_down : Phase::shutting_down;
    }
  }

  Phase phase;
  std::uint64_t workers = 0;  // that are there, or being started
  std::uint64_t busy = 0;
  std::uint64_t queued = 0;
  std::uint64_t done = 0;
  pid_t process;  // whose pool it is
};

std::string describe(const PoolSnapshot& pool);

/// Base of the executors that can be formatted: they have snapshot() and name_for_messages().
class FormattableExecutor {};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

template <class Executor>
  requires std::is_base_of_v<concurrent::futures::detail::FormattableExecutor, Executor>
struct fmt::formatter<Executor, char> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }  // {} and nothing else
  auto format(const Executor& pool, fmt::format_context& context) const {
    auto out = context.out();
    for (const char letter : pool.name_for_messages() + ": " + concurrent::futures::detail::describe(pool.snapshot()))
      *out++ = letter;
    return out;
  }
};

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/pool/pool_text.impl.hpp>
#endif
