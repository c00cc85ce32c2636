// SPDX-License-Identifier: BSL-1.0
// Reads arbitrary bytes as values: the first byte chooses the type.
#include "fuzz/values.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // a copy of its own, so that the sanitizer sees a read beyond the end
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> message(bytes + 1, bytes + size);
  fuzz::read_as(fuzz::ValueTypes(), data[0], message);
  return 0;
}
