// SPDX-License-Identifier: BSL-1.0
// The mappings of a process, as /proc/…/maps lists them.
#pragma once

#include <concurrent/version.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace concurrent::os::inline v0 {

/// Whether there is anything at an address, for the price of a system call that does nothing.
inline bool is_mapped(std::uintptr_t address) noexcept {
  static const auto page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  unsigned char resident;
  return ::mincore(reinterpret_cast<void*>(address / page_size * page_size), 1, &resident) == 0 || errno != ENOMEM;
}

/// A piece of a process's memory, and what of which file it shows; memory that is shared has a file without a name.
struct Mapping {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  std::uint64_t offset = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool is_shared = false;
  bool is_writable = false;

  bool exists() const noexcept { return high != 0; }
  bool holds(std::uintptr_t address) const noexcept { return address - low < high - low; }
  // Whether both show the same of the same file, or none.
  bool shows_same(const Mapping& other) const noexcept {
    return device == other.device && inode == other.inode && (inode == 0 || low - offset == other.low - other.offset);
  }
};

/// Looks for the mapping that has an address. Since 6.11 Linux answers that; before, lines "low-high perms offset
/// device inode …" are read piece by piece and without memory from the heap, up to the one that has it.
class MemoryMap {
 public:
  explicit MemoryMap(std::uintptr_t address) noexcept : address_(address) {}

  /// False: nobody says.
  bool ask(int file, Mapping& mapping) const noexcept {
    mapping = {};
    Query query{};
    query.size = sizeof query;
    query.address = address_;
    if (::syscall(SYS_ioctl, file, Query::request, &query) != 0) return errno == ENOENT;
    mapping.is_shared = (query.flags & Query::shared) != 0;
    mapping.is_writable = (query.flags & Query::writable) != 0;
    mapping.low = query.first;
    mapping.high = query.last;
    mapping.offset = query.offset;
    mapping.device = std::uint64_t{query.device[0]} << device_bits | query.device[1];
    mapping.inode = query.inode;
    return true;
  }

  bool read(int file, Mapping& mapping) noexcept {
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
          line_.is_writable = c == 'w';
        } else if (position_ == 4) {
          line_.is_shared = c == 's';
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
  Mapping line_;
  std::uint64_t minor_ = 0;
  int position_ = 0;
};

/// The list of a process's mappings, without memory from the heap; 0: of this process. -1: there is none to be had.
inline int open_maps(pid_t process) noexcept {
  char name[32] = "/proc/self/maps";
  if (process != 0) std::snprintf(name, sizeof name, "/proc/%d/maps", process);
  return ::open(name, O_RDONLY | O_CLOEXEC);
}

/// Whether this process has mapped a memory file that was given `name`, at most 249 characters.
inline bool has_mapped_memory_file(const char* name) {
  const int maps = open_maps(0);
  if (maps < 0) return false;
  const std::string wanted = std::string("/memfd:") + name;
  std::string text;
  char bytes[16 * 1024];
  bool found = false;
  while (!found) {
    const ssize_t got = ::read(maps, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(bytes, static_cast<std::size_t>(got));
    found = text.find(wanted) != std::string::npos;
    if (text.size() > wanted.size()) text.erase(0, text.size() - wanted.size());  // it may be cut in two
  }
  ::close(maps);
  return found;
}

}  // namespace concurrent::os::inline v0
