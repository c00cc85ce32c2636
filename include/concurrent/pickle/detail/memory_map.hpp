// SPDX-License-Identifier: BSL-1.0
// The mappings of a process, as /proc/…/maps lists them.
#pragma once

#include <concurrent/os/pages.hpp>
#include <concurrent/pickle/detail/memory_kind.hpp>
#include <concurrent/pickle/detail/module.impl.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <link.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace concurrent::pickle::inline v0::detail {

// Whether there is anything, for the price of a system call that does nothing.
inline bool is_mapped(std::uintptr_t address) noexcept {
  static const auto page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return os::is_mapped(reinterpret_cast<void*>(address / page_size * page_size));
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

// A piece of a process's memory, and what of which file it shows; memory that is shared has a file without a name.
struct MemoryMapping {
  MemoryKind kind = MemoryKind::none;
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  std::uint64_t offset = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool holds(std::uintptr_t address) const noexcept { return address - low < high - low; }
  // Whether both show the same of the same file, or none.
  bool shows_same(const MemoryMapping& other) const noexcept {
    return device == other.device && inode == other.inode && (inode == 0 || low - offset == other.low - other.offset);
  }
};

// Looks for the mapping that has an address. Since 6.11 Linux answers that; before, lines "low-high perms offset device
// inode …" are read piece by piece and without memory from the heap, up to the one that has it.
class MemoryMap {
 public:
  explicit MemoryMap(std::uintptr_t address) noexcept : address_(address) {}

  // False: nobody says.
  bool ask(int file, MemoryMapping& mapping) const noexcept {
    mapping = {};
    Query query{};
    query.size = sizeof query;
    query.address = address_;
    if (::syscall(SYS_ioctl, file, Query::request, &query) != 0) return errno == ENOENT;
    mapping.kind = kind_of((query.flags & Query::shared) != 0, (query.flags & Query::writable) != 0);
    mapping.low = query.first;
    mapping.high = query.last;
    mapping.offset = query.offset;
    mapping.device = std::uint64_t{query.device[0]} << device_bits | query.device[1];
    mapping.inode = query.inode;
    return true;
  }

  bool read(int file, MemoryMapping& mapping) noexcept {
    char bytes[4096];
    mapping = {};
    line_ = {};
    part_ = Part::low;
    while (part_ != Part::done) {
      const ssize_t size = ::read(file, bytes, sizeof bytes);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return size == 0;
      for (ssize_t i = 0; i < size && part_ != Part::done; ++i) take(bytes[i]);
    }
    if (line_.holds(address_)) mapping = line_;
    return true;
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

  enum class Part { low, high, permissions, offset, major, minor, inode, rest, done };
  static constexpr int device_bits = 32;

  static MemoryKind kind_of(bool shared, bool writable) noexcept {
    return shared ? MemoryKind::shared : writable ? MemoryKind::own : MemoryKind::constant;
  }

  void take(char c) noexcept {
    switch (part_) {
      case Part::low:
        if (c != '-') return add_digit(line_.low, c);
        // They are in order: what begins behind the address was not worth reading.
        part_ = line_.low > address_ ? Part::done : Part::high;
        return;
      case Part::high:
        if (c != ' ') return add_digit(line_.high, c);
        part_ = address_ < line_.high ? Part::permissions : Part::rest;
        return;
      case Part::permissions:  // "rw-p"
        if (c == ' ') {
          part_ = Part::offset;
        } else if (position_++ == 1) {
          writable_ = c == 'w';
        } else if (position_ == 4) {
          line_.kind = kind_of(c == 's', writable_);
        }
        return;
      case Part::offset:
        if (c != ' ') return add_digit(line_.offset, c);
        part_ = Part::major;
        return;
      case Part::major:
        if (c != ':') return add_digit(line_.device, c);
        minor_ = 0;
        part_ = Part::minor;
        return;
      case Part::minor:
        if (c != ' ') return add_digit(minor_, c);
        line_.device = line_.device << device_bits | minor_;
        part_ = Part::inode;
        return;
      case Part::inode:
        if (c != ' ' && c != '\n') {
          line_.inode = line_.inode * 10 + static_cast<std::uint64_t>(c - '0');
          return;
        }
        part_ = Part::done;
        return;
      case Part::rest:
        if (c != '\n') return;
        line_ = {};
        part_ = Part::low;
        return;
      case Part::done:
        return;
    }
  }
  template <class Number>
  static void add_digit(Number& number, char c) noexcept {
    number = number * 16 + static_cast<Number>(c <= '9' ? c - '0' : c - 'a' + 10);
  }

  const std::uintptr_t address_;
  Part part_ = Part::low;
  MemoryMapping line_;
  std::uint64_t minor_ = 0;
  int position_ = 0;
  bool writable_ = false;
};

// The mapping of a fork that this thread has asked for last. A fork of ours gives nothing back that it has inherited.
struct ForkMapping {
  pid_t process = 0;
  MemoryMapping mapping;
};
inline constinit thread_local ForkMapping last_in_fork{};

// "/proc/<process>/maps", without memory from the heap.
inline void name_maps(pid_t process, char (&name)[32]) noexcept {
  char digits[16];
  int count = 0;
  for (; process > 0; process /= 10) digits[count++] = static_cast<char>('0' + process % 10);
  char* to = name;
  for (const char* from = "/proc/"; *from != 0; ++from) *to++ = *from;
  while (count > 0) *to++ = digits[--count];
  for (const char* from = "/maps"; *from != 0; ++from) *to++ = *from;
  *to = 0;
}

// What a fork has at an address; null where the system does not say. Asked again if `expected` is something else.
inline const MemoryMapping* mapping_in_fork(std::uintptr_t address, pid_t parent,
                                            const MemoryMapping* expected) noexcept {
  ForkMapping& last = last_in_fork;
  if (last.process == parent && last.mapping.holds(address) &&
      (expected == nullptr || last.mapping.shows_same(*expected))) {
    return &last.mapping;
  }
  char name[32];
  name_maps(parent, name);
  last.process = 0;
  const int file = ::open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  MemoryMap map(address);
  if (map.ask(file, last.mapping) || map.read(file, last.mapping)) last.process = parent;
  ::close(file);
  return last.process == parent ? &last.mapping : nullptr;
}

CONCURRENT_FUTURES_INLINE MemoryKind find_memory_kind(std::uintptr_t address, pid_t parent) noexcept {
  const int error = errno;
  MemoryMapping mapping;
  const MemoryMapping* here = &mapping;
  if (is_mapped(address)) {
    MemoryMap map(address);
    const int file = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    const bool answered = file >= 0 && map.ask(file, mapping);
    if (!answered && is_constant_of_library(address)) {
      mapping.kind = MemoryKind::constant;
      here = nullptr;
    } else if (!answered && (file < 0 || !map.read(file, mapping))) {
      mapping.kind = MemoryKind::own;  // where there is no /proc: better refused than computed with something else
    }
    if (file >= 0) ::close(file);
  }
  if (parent != 0 && (mapping.kind == MemoryKind::constant || mapping.kind == MemoryKind::shared)) {
    const MemoryMapping* const there = mapping_in_fork(address, parent, here);
    if (there != nullptr && !(there->holds(address) && (here == nullptr || there->shows_same(*here))))
      mapping.kind = MemoryKind::later;
  }
  errno = error;
  return mapping.kind;
}

CONCURRENT_FUTURES_INLINE bool find_in_fork(std::uintptr_t address, pid_t parent) noexcept {
  const int error = errno;
  const MemoryMapping* const there = mapping_in_fork(address, parent, nullptr);
  errno = error;
  return there == nullptr || there->holds(address);
}

}  // namespace concurrent::pickle::inline v0::detail
