// SPDX-License-Identifier: BSL-1.0
// Large arrays as std::span: the worker's function reads them where they lie in shared memory, without a copy of its
// own. Large results go into memory that is there already.
//
// prints:
//   the sum of 10000000 numbers is 10000000
//   the sum of its halves is the same: yes
//   4 rows of 1000000, the last number is 4000000
#include <concurrent/futures.hpp>
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace cf = concurrent::futures;

double sum(std::span<const double> numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }

std::vector<double> row(int number, int length) {
  std::vector<double> values(static_cast<std::size_t>(length));
  std::iota(values.begin(), values.end(), 1.0 + static_cast<double>(number) * length);
  return values;
}

int main() {
  const std::vector<double> numbers(10'000'000, 1.0);
  const std::span<const double> all(numbers);
  cf::ProcessPoolExecutor pool(2);
  const double total = pool.submit(sum, all).result();
  std::printf("the sum of %zu numbers is %.0f\n", numbers.size(), total);

  auto first = pool.submit(sum, all.first(numbers.size() / 2));
  auto second = pool.submit(sum, all.subspan(numbers.size() / 2));
  std::printf("the sum of its halves is the same: %s\n", first.result() + second.result() == total ? "yes" : "no");

  // A matrix whose rows are results: each is copied once, from where its worker put it to where it belongs.
  constexpr int length = 1'000'000;
  std::vector<double> matrix(4 * length);
  std::vector<cf::Future<std::vector<double>>> rows;
  for (int i = 0; i < 4; ++i) rows.push_back(pool.submit(row, i, length));
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::move(rows[i]).result_into(std::span(matrix).subspan(i * length, length));
  std::printf("%zu rows of %d, the last number is %.0f\n", rows.size(), length, matrix.back());
}
