// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a pointer to characters means nothing in another process, and how many there are is not
// A function of C that takes some memory.
#include <concurrent/futures.hpp>
#include <cstddef>
#include <string>

namespace cf = concurrent::futures;

std::size_t count_zeros(const char* data, std::size_t size) {
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < size; ++i) zeros += data[i] == 0 ? 1U : 0U;
  return zeros;
}

int main() {
  cf::ProcessPoolExecutor pool(2);
  const std::string data(3, '\0');
#ifdef CASE
  return static_cast<int>(pool.submit(count_zeros, data.data(), data.size()).result());
#else
  return static_cast<int>(pool.submit(count_zeros, data, data.size()).result());
#endif
}
