// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/os/pages.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

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
  static bool is_set() {
    const Descriptor maps = owned(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    if (!maps.valid()) return false;
    const std::string wanted = std::string("/memfd:") + name;
    std::string text;
    char bytes[16 * 1024];
    for (;;) {
      const ssize_t got = ::read(maps.get(), bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      text.append(bytes, static_cast<std::size_t>(got));
      if (text.find(wanted) != std::string::npos) return true;
      if (text.size() > wanted.size()) text.erase(0, text.size() - wanted.size());  // it may be cut in two
    }
  }

 private:
  static constexpr const char* name = "concurrent_futures_freeze_support";
  static constexpr std::size_t page_size = 4096;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
