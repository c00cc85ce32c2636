// SPDX-License-Identifier: BSL-1.0
// Runs arbitrary bytes as calls: whatever they say, only functions that a call may name are run, and with whole
// arguments.
#include "fuzz/calls.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  // Names of functions hold the build of the program, which no fuzzer guesses. So the first byte chooses a call of this
  // program, of which the names are kept; or none.
  static const std::vector<fuzz::Call> calls = fuzz::calls();
  const std::size_t choice = data[0] % (calls.size() + 1);
  const std::size_t kept = choice == calls.size() ? 0 : calls[choice].names;
  // Aligned to 64, as calls are in shared memory.
  const std::unique_ptr<void, void (*)(void*)> memory(std::aligned_alloc(64, (kept + size + 64) / 64 * 64), &std::free);
  auto* message = static_cast<std::byte*>(memory.get());
  if (kept != 0) std::memcpy(message, calls[choice].bytes.data(), kept);
  std::memcpy(message + kept, data + 1, size - 1);
  fuzz::run({message, kept + size - 1});
  return 0;
}
