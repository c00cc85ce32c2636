// SPDX-License-Identifier: BSL-1.0
// Memory that a test maps, and what the library says that a pointer is.
#pragma once

#include <concurrent/pickle.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "support/catch.hpp"

namespace support {

inline concurrent::pickle::detail::MemoryKind kind_of_pointer(const volatile void* pointer) {
  return concurrent::pickle::detail::memory_kind(reinterpret_cast<std::uintptr_t>(pointer));
}

// A mapping for one test.
class Mapping {
 public:
  Mapping(int protection, int flags) : address_(::mmap(nullptr, size, protection, flags | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(address_ != MAP_FAILED);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(address_, size); }

  void* address() const { return address_; }
  static constexpr std::size_t size = 1 << 16;

 private:
  void* address_;
};

}  // namespace support
