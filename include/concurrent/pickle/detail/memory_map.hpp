// SPDX-License-Identifier: BSL-1.0
// The mappings of this process, as /proc/self/maps lists them.
#pragma once

#include <concurrent/pickle/detail/loaded_modules.hpp>
#include <concurrent/pickle/detail/memory_kind.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace concurrent::pickle::inline v0 {
namespace detail {

// Whether there is anything, for the price of a system call that does nothing.
inline bool is_mapped(std::uintptr_t address) noexcept {
  static const auto page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  unsigned char resident;
  return ::mincore(reinterpret_cast<void*>(address / page_size * page_size), 1, &resident) == 0 || errno != ENOMEM;
}

// Whether a library holds the address among what cannot be written once it is loaded.
inline bool is_constant_of_library(std::uintptr_t address) noexcept {
  return visit_modules([&](const dl_phdr_info& info) {
    bool constant = false;
    for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
      const auto& segment = info.dlpi_phdr[i];
      if (address - (info.dlpi_addr + segment.p_vaddr) >= segment.p_memsz) continue;
      constant |= segment.p_type == PT_GNU_RELRO || (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0);
    }
    return constant;
  });
}

// Looks for the mapping that has an address. Since 6.11 Linux answers that; before, lines "low-high perms …" are read
// piece by piece and without memory from the heap, up to the one that has it.
class MemoryMap {
 public:
  explicit MemoryMap(std::uintptr_t address) noexcept : address_(address) {}

  MemoryKind find() noexcept {
    MemoryKind kind = MemoryKind::own;  // where there is no /proc: better refused than computed with something else
    const int file = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    const bool answered = file >= 0 && ask(file, kind);
    if (!answered && is_constant_of_library(address_)) {
      kind = MemoryKind::constant;
    } else if (!answered && file >= 0 && !read(file, kind)) {
      kind = MemoryKind::own;
    }
    if (file >= 0) ::close(file);
    return kind;
  }

  // False: nobody says.
  bool ask(int file, MemoryKind& kind) const noexcept {
    Query query{};
    query.size = sizeof query;
    query.address = address_;
    if (::syscall(SYS_ioctl, file, Query::request, &query) != 0) {
      kind = MemoryKind::none;
      return errno == ENOENT;
    }
    kind = (query.flags & Query::shared) != 0     ? MemoryKind::shared
           : (query.flags & Query::writable) != 0 ? MemoryKind::own
                                                  : MemoryKind::constant;
    return true;
  }

  bool read(int file, MemoryKind& kind) noexcept {
    char bytes[4096];
    kind = MemoryKind::none;
    bool readable = true;
    while (!passed_) {
      const ssize_t size = ::read(file, bytes, sizeof bytes);
      if (size < 0 && errno == EINTR) continue;
      readable = size >= 0;
      if (size <= 0) break;
      for (ssize_t i = 0; i < size && !passed_; ++i) take(bytes[i]);
    }
    if (found_) kind = kind_;
    return readable;
  }

 private:
  // The kernel's struct procmap_query and the number of its call, PROCMAP_QUERY.
  struct Query {
    static constexpr unsigned long request = 0xc0686611;
    static constexpr std::uint64_t writable = 2;
    static constexpr std::uint64_t shared = 8;

    std::uint64_t size, query_flags, address;
    std::uint64_t first, last, flags, page_size, offset, inode;
    std::uint32_t device[2], name_size, build_id_size;
    std::uint64_t name, build_id;
  };
  static_assert(sizeof(Query) == 0x68);

  enum class Part { low, high, permissions, rest };

  void take(char c) noexcept {
    if (c == '\n') {
      part_ = Part::low;
      low_ = high_ = 0;
      position_ = 0;
    } else if (part_ == Part::low) {
      if (c == '-') {
        part_ = Part::high;
        passed_ = low_ > address_;
      } else {
        low_ = low_ * 16 + digit(c);
      }
    } else if (part_ == Part::high) {
      if (c == ' ') {
        part_ = Part::permissions;
      } else {
        high_ = high_ * 16 + digit(c);
      }
    } else if (part_ == Part::permissions) {  // "rw-p"
      if (position_ == 1) writable_ = c == 'w';
      if (position_++ != 3) return;
      part_ = Part::rest;
      if (address_ >= high_) return;
      found_ = passed_ = true;
      kind_ = c == 's' ? MemoryKind::shared : writable_ ? MemoryKind::own : MemoryKind::constant;
    }
  }
  static std::uintptr_t digit(char c) noexcept {
    return static_cast<std::uintptr_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }

  const std::uintptr_t address_;
  Part part_ = Part::low;
  std::uintptr_t low_ = 0;
  std::uintptr_t high_ = 0;
  int position_ = 0;
  bool writable_ = false;
  bool passed_ = false;
  bool found_ = false;
  MemoryKind kind_ = MemoryKind::none;
};

CONCURRENT_FUTURES_INLINE MemoryKind find_memory_kind(std::uintptr_t address) noexcept {
  const int error = errno;
  const MemoryKind kind = is_mapped(address) ? MemoryMap(address).find() : MemoryKind::none;
  errno = error;
  return kind;
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
