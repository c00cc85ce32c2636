// SPDX-License-Identifier: BSL-1.0
// Large arrays as std::span: the worker's function reads them where they lie in shared memory, without a copy of its
// own.
//
// prints:
//   the sum of 10000000 numbers is 10000000
//   the sum of its halves is the same: yes
#include <concurrent/futures.hpp>
#include <cstdio>
#include <numeric>
#include <span>
#include <vector>

namespace cf = concurrent::futures;

double sum(std::span<const double> numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }

int main() {
  const std::vector<double> numbers(10'000'000, 1.0);
  const std::span<const double> all(numbers);
  cf::ProcessPoolExecutor pool(2);
  const double total = pool.submit(sum, all).result();
  std::printf("the sum of %zu numbers is %.0f\n", numbers.size(), total);

  auto first = pool.submit(sum, all.first(numbers.size() / 2));
  auto second = pool.submit(sum, all.subspan(numbers.size() / 2));
  std::printf("the sum of its halves is the same: %s\n", first.result() + second.result() == total ? "yes" : "no");
}
