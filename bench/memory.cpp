// SPDX-License-Identifier: BSL-1.0
// What a pending task and a finished one cost in this process. Row S9.
#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <concurrent/futures.hpp>

#include "measure.hpp"

namespace cf = concurrent::futures;

namespace {

std::size_t allocated() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

void wait_for(int descriptor) {
  char byte = 0;
  if (read(descriptor, &byte, 1) < 0) std::abort();
}

}  // namespace

int main() {
  int gate[2];
  if (pipe(gate) != 0) return 1;
  cf::ProcessPoolExecutor pool(1);
  cf::Future<void> blocker = pool.submit(wait_for, gate[0]);
  constexpr std::size_t count = 200'000;
  std::vector<cf::Future<void>> futures;
  futures.reserve(count);
  const std::size_t before = allocated();
  for (std::size_t i = 0; i < count; ++i) futures.push_back(pool.submit([] {}));
  const std::size_t pending = allocated() - before;
  if (write(gate[1], "x", 1) != 1) return 1;
  for (const auto& future : futures) future.result();
  futures.clear();
  futures.shrink_to_fit();
  const auto left =
      static_cast<long>(allocated()) - static_cast<long>(before) + static_cast<long>(count * sizeof(cf::Future<void>));
  fmt::print("| S9 | a pending trivial task, with its future | {} bytes | at most 256 |\n",
             pending / count + sizeof(cf::Future<void>));
  fmt::print("| S9 | a finished and dropped task | {:.2f} bytes | 0 |\n",
             static_cast<double>(left) / static_cast<double>(count));
}
