// SPDX-License-Identifier: BSL-1.0
#include <concurrent/pickle/detail/memory_map.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "../mapping.hpp"

using concurrent::os::MemoryMap;
using concurrent::pickle::detail::kind_of;
using concurrent::pickle::detail::MemoryKind;
using support::Mapping;

TEST_CASE("Captures: the list of mappings says the same as the system's answer, where there is one") {
  const Mapping shared(PROT_READ | PROT_WRITE, MAP_SHARED);
  const Mapping read_only(PROT_READ, MAP_PRIVATE);
  const auto heap = std::make_unique<int>(1);
  int local = 1;
  const char* const text = "text";
  const void* const nowhere = reinterpret_cast<const void*>(std::uintptr_t{0x1234'5678'9000});
  for (const void* const pointer : {static_cast<const void*>(shared.address()),
                                    static_cast<const void*>(static_cast<char*>(shared.address()) + Mapping::size - 1),
                                    static_cast<const void*>(read_only.address()), static_cast<const void*>(heap.get()),
                                    static_cast<const void*>(&local), static_cast<const void*>(text), nowhere}) {
    MemoryMap map(reinterpret_cast<std::uintptr_t>(pointer));
    const int file = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    REQUIRE(file >= 0);
    concurrent::os::Mapping asked;
    const bool answers = map.ask(file, asked);
    concurrent::os::Mapping listed;
    CHECK(map.read(file, listed));
    ::close(file);
    if (answers) {
      CHECK(kind_of(asked) == kind_of(listed));
      CHECK(asked.shows_same(listed));
      if (pointer != &local) CHECK((asked.low == listed.low && asked.high == listed.high));  // the stack grows
      CHECK(asked.offset == listed.offset);
    }
    CHECK(listed.holds(reinterpret_cast<std::uintptr_t>(pointer)) == (pointer != nowhere));
    CHECK((listed.inode != 0) ==
          (pointer == shared.address() || pointer == static_cast<char*>(shared.address()) + Mapping::size - 1 ||
           pointer == text));
    CHECK(kind_of(listed) == (pointer == nowhere ? MemoryKind::none : support::kind_of_pointer(pointer)));
  }
}
