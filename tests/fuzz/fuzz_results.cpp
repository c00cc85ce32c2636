// SPDX-License-Identifier: BSL-1.0
// Reads arbitrary bytes as the ring in which a worker leaves its results.
#include "fuzz/results.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_results({data, size});
  return 0;
}
