// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process. Use the value itself, std::vector for an
// expect: double*
// An array as a pointer and a number.
#include <concurrent/futures.hpp>
#include <cstddef>
#include <vector>

namespace cf = concurrent::futures;

double sum(const double* data, std::size_t size) { return data == nullptr ? 0 : static_cast<double>(size); }
double sum_of(const std::vector<double>& data) { return static_cast<double>(data.size()); }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<double> data(100);
#ifdef CASE
  const double total = pool.submit(sum, data.data(), data.size()).result();
#else
  const double total = pool.submit(sum_of, data).result();
#endif
  return total > 0;
}
