// SPDX-License-Identifier: BSL-1.0
// What fmt::format gives for an executor.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include <sys/types.h>

#include <fmt/core.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A pool at one moment; its tasks are each in one of the three.
struct PoolGlance {
  enum class Phase { open, shutting_down, shut_down, broken, elsewhere };

  Phase phase = Phase::open;
  std::uint64_t workers = 0;  // that are there, or being started
  std::uint64_t busy = 0;
  std::uint64_t queued = 0;
  std::uint64_t done = 0;
  pid_t process = 0;  // whose pool it is
};

inline std::string describe(const PoolGlance& pool) {
  if (pool.phase == PoolGlance::Phase::elsewhere)
    return "belongs to process " + std::to_string(pool.process) + ", of which this one is a fork";
  std::string text;
  if (pool.phase == PoolGlance::Phase::shutting_down) text = "shutting down, ";
  if (pool.phase == PoolGlance::Phase::broken) text = "broken, ";
  if (pool.phase == PoolGlance::Phase::shut_down) text = "shut down, ";
  const bool ended = pool.phase == PoolGlance::Phase::shut_down || pool.phase == PoolGlance::Phase::broken;
  if (!ended || pool.busy != 0 || pool.queued != 0) {
    text += std::to_string(pool.workers) + (pool.workers == 1 ? " worker (" : " workers (") +
            std::to_string(pool.busy) + " busy), " + std::to_string(pool.queued) + " queued, ";
  }
  return text + std::to_string(pool.done) + " done";
}

/// Base of the executors that can be formatted: they have glance() and name_for_messages().
class HasGlance {};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

template <class Executor>
requires std::is_base_of_v<concurrent::futures::detail::HasGlance, Executor>
struct fmt::formatter<Executor, char> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }  // {} and nothing else
  auto format(const Executor& pool, fmt::format_context& context) const {
    auto out = context.out();
    for (const char letter : pool.name_for_messages() + ": " + concurrent::futures::detail::describe(pool.glance()))
      *out++ = letter;
    return out;
  }
};
