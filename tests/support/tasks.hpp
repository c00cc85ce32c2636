// SPDX-License-Identifier: BSL-1.0
// Tasks that several tests submit.
#pragma once

#include "support/shared.hpp"

#include <unistd.h>

#include <cstddef>
#include <numeric>
#include <vector>

namespace support {

inline int twice(int x) { return 2 * x; }
inline int square(int x) { return x * x; }
inline pid_t own_pid() { return ::getpid(); }

/// Says that it has begun, and returns `n` when the gate is opened.
inline int hold(Counter started, Gate gate, int n) {
  started.add();
  gate.wait();
  return n;
}
/// The same for one task.
inline int wait_for(Gate started, Gate gate) {
  started.open();
  gate.wait();
  return 1;
}
/// Counts itself, and returns when somebody has counted at the gate.
inline void held(Counter running, Counter gate) {
  running.add();
  gate.wait_until(1);
}

/// 0, 1, 2 …
inline std::vector<int> numbers(int count) {
  std::vector<int> items(static_cast<std::size_t>(count));
  std::iota(items.begin(), items.end(), 0);
  return items;
}

}  // namespace support
