// SPDX-License-Identifier: BSL-1.0
// How much of two cores reaches the tasks, by the length of a task. Row S10.
#include <fmt/core.h>

#include <concurrent/futures.hpp>

#include "measure.hpp"

namespace cf = concurrent::futures;

namespace {

/// Works until so much time has passed, so that the length is right on every machine.
void work(int microseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace

int main() {
  const struct {
    int microseconds;
    double mark;
  } rows[] = {{10, 0.85}, {100, 0.95}, {1000, 0.98}};
  cf::ProcessPoolExecutor pool(2);
  pool.warm_up(2);
  for (const auto& row : rows) {
    const int tasks = 2'000'000 / row.microseconds / 2;
    bench::Samples efficiency;
    for (int repetition = 0; repetition < 5; ++repetition) {
      std::vector<cf::Future<void>> futures;
      futures.reserve(static_cast<std::size_t>(tasks));
      const auto start = std::chrono::steady_clock::now();
      for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(work, row.microseconds));
      for (const auto& future : futures) future.result();
      efficiency.add(tasks * row.microseconds * 1e-6 / 2 / bench::seconds_since(start));
    }
    fmt::print("| S10 | tasks of {} us, 2 workers: part of two cores | {:.3f} ({:.3f} to {:.3f}){} | at least {} |\n",
               row.microseconds, efficiency.median(), efficiency.values.front(), efficiency.values.back(),
               efficiency.inconclusive() ? ", inconclusive" : "", row.mark);
  }
}
