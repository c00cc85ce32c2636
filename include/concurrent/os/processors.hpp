// SPDX-License-Identifier: BSL-1.0
// Processors: which of them a thread may use, and on which it is.
#pragma once

#include <concurrent/version.hpp>

#include <sched.h>

#include <cstddef>
#include <cstring>

namespace concurrent::os::inline v0 {

/// How many processors the calling thread may use; 0: the system does not say.
inline int count_allowed_processors() {
  for (int size = 1024; size <= 1 << 20; size *= 4) {  // machines have more processors than cpu_set_t has bits
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(size));
    if (set == nullptr) return 0;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    const int count = ::sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count != 0) return count;
  }
  return 0;
}

/// The calling thread, and what it starts, may use every processor. The cgroup's limit stays.
inline void allow_all_processors() noexcept {
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);
  ::sched_setaffinity(0, sizeof all, &all);
}

/// The number of the processor that the calling thread is on, a moment later maybe of another; -1: not known.
inline int this_processor() noexcept { return ::sched_getcpu(); }

}  // namespace concurrent::os::inline v0
