// SPDX-License-Identifier: BSL-1.0
// map over many items: chunk sizes, and how near auto comes to the best of them, by the length of a task. Row S6.
#include <fmt/core.h>

#include <concurrent/futures.hpp>
#include <ranges>

#include "measure.hpp"

namespace cf = concurrent::futures;

namespace {

std::size_t work(std::size_t nanoseconds) {
  if (nanoseconds == 0) return 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(nanoseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
  return nanoseconds;
}

double seconds(cf::ProcessPoolExecutor& pool, const std::vector<std::size_t>& items, std::size_t chunk_size) {
  const auto start = std::chrono::steady_clock::now();
  std::size_t count = 0;
  for ([[maybe_unused]] const std::size_t result : pool.map(work, items, cf::MapOptions{.chunksize = chunk_size})) {
    ++count;
  }
  return count == items.size() ? bench::seconds_since(start) : 0;
}

}  // namespace

int main() {
  cf::ProcessPoolExecutor pool(2);
  pool.warm_up(2);
  fmt::print("| S6 | items | chunk 1 | 100 | 1000 | auto | auto against the best |\n");
  fmt::print("| --- | --- | ---: | ---: | ---: | ---: | --- |\n");
  const std::size_t lengths[] = {0, 100, 1'000, 10'000, 100'000, 1'000'000};
  for (const std::size_t nanoseconds : lengths) {
    const std::size_t count =
        nanoseconds == 0 ? 1'000'000 : std::min<std::size_t>(1'000'000, 1'000'000'000 / nanoseconds);
    const std::vector<std::size_t> items(count, nanoseconds);
    const std::size_t chunk_sizes[] = {1, 100, 1000, cf::auto_chunksize};
    bench::Samples times[4];
    for (int repetition = 0; repetition < 5; ++repetition) {
      for (std::size_t i = 0; i < 4; ++i) times[i].add(seconds(pool, items, chunk_sizes[i]));
    }
    const double best = std::min({times[0].median(), times[1].median(), times[2].median()});
    fmt::print("| S6 | {} of {} us | {:.3f} s | {:.3f} s | {:.3f} s | {:.3f} s | {:.2f} times{} |\n", count,
               static_cast<double>(nanoseconds) / 1000, times[0].median(), times[1].median(), times[2].median(),
               times[3].median(), times[3].median() / best, times[3].inconclusive() ? ", inconclusive" : "");
  }
}
