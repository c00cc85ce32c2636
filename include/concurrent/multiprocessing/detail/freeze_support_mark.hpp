// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/os/maps.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/os/pages.hpp>

#include <sys/mman.h>

#include <cstddef>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Tells every copy of this library in the process that freeze_support was called: a shared library with hidden symbols
/// has variables of its own, and what all see alike is the map of the memory. A page there, which nobody can touch, has
/// the name of a memory file. A forked child inherits it, as it does the program's state; another program has none.
class FreezeSupportMark {
 public:
  /// Where the system refuses it, this copy alone knows.
  static void set() noexcept {
    const Descriptor file = Descriptor(os::open_memory_file(name));
    if (!file.valid()) return;
    void* const page = ::mmap(nullptr, page_size, PROT_NONE, MAP_PRIVATE, file.get(), 0);
    if (page != MAP_FAILED) os::keep_from_dumps(page, page_size);  // a debugger could not read it
  }

  /// Reads the map of the memory.
  static bool is_set() { return os::has_mapped_memory_file(name); }

 private:
  static constexpr const char* name = "concurrent_futures_freeze_support";
  static constexpr std::size_t page_size = 4096;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
