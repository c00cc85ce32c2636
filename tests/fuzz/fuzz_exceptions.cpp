// SPDX-License-Identifier: BSL-1.0
// Reads arbitrary bytes as exceptions.
#include "fuzz/exceptions.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> message(bytes, bytes + size);
  fuzz::read_exception(message);
  return 0;
}
