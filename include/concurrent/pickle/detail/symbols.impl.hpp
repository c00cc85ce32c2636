// SPDX-License-Identifier: BSL-1.0
// Names of functions, for messages. The dynamic linker knows only what is exported, which in a program is next to
// nothing, so the symbols are looked up in the file itself; that takes milliseconds, once for each function that is
// asked for.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/os/descriptor.hpp>
#include <concurrent/pickle/detail/module.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/symbols.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

namespace concurrent::pickle::inline v0::detail {

// An ELF file that is read piecemeal. Whatever is wrong with it, the answer is "nothing found".
class SymbolFile {
 public:
  explicit SymbolFile(const char* path) noexcept : file_(os::above_streams(::open(path, O_RDONLY | O_CLOEXEC))) {}
  SymbolFile(const SymbolFile&) = delete;
  SymbolFile& operator=(const SymbolFile&) = delete;
  ~SymbolFile() {
    if (file_ >= 0) ::close(file_);
  }

  // The mangled name of the function that begins at an offset from where the file is loaded; empty if there is none.
  std::string find(std::uint64_t offset) const {
    ElfW(Ehdr) header{};
    if (file_ < 0 || !read(&header, sizeof(header), 0) || header.e_shentsize != sizeof(ElfW(Shdr))) return {};
    std::vector<ElfW(Shdr)> sections(header.e_shnum);
    if (!read(sections.data(), sections.size() * sizeof(ElfW(Shdr)), header.e_shoff)) return {};
    for (const auto& section : sections) {
      if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
      if (std::string name = find_in(section, sections[section.sh_link], offset); !name.empty()) return name;
    }
    return {};
  }

 private:
  bool read(void* data, std::size_t size, std::uint64_t at) const {
    return ::pread(file_, data, size, static_cast<off_t>(at)) == static_cast<ssize_t>(size);
  }

  std::string find_in(const ElfW(Shdr) & symbols, const ElfW(Shdr) & names, std::uint64_t offset) const {
    std::vector<ElfW(Sym)> block(512);
    const std::size_t count = symbols.sh_size / sizeof(ElfW(Sym));
    for (std::size_t first = 0; first < count; first += block.size()) {
      if (count - first < block.size()) block.resize(count - first);
      if (!read(block.data(), block.size() * sizeof(ElfW(Sym)), symbols.sh_offset + first * sizeof(ElfW(Sym))))
        return {};
      for (const auto& symbol : block) {
        if (symbol.st_value != offset || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
        char name[512] = {};
        const std::uint64_t left = names.sh_size > symbol.st_name ? names.sh_size - symbol.st_name : 0;
        if (!read(name, left < sizeof(name) - 1 ? left : sizeof(name) - 1, names.sh_offset + symbol.st_name)) return {};
        return name;
      }
    }
    return {};
  }

  int file_;
};

inline std::string find_symbol(std::uintptr_t address) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(address), &info) != 0 && info.dli_sname != nullptr &&
      reinterpret_cast<std::uintptr_t>(info.dli_saddr) == address) {
    return info.dli_sname;
  }
  const Module& program = main_module();
  if (program.all.holds(address)) return SymbolFile("/proc/self/exe").find(address - program.base);
  if (info.dli_fname == nullptr) return {};
  return SymbolFile(info.dli_fname).find(address - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
}

// A list of names found so far, without a lock: a fork may happen while another thread holds one.
struct FoundName {
  std::uintptr_t address;
  std::string name;
  const FoundName* next;
};
inline constinit std::atomic<const FoundName*> found_names{nullptr};
inline constinit std::atomic<int> found_names_count{0};

CONCURRENT_FUTURES_INLINE std::string function_name(std::uintptr_t address) {
  for (auto* found = found_names.load(std::memory_order_acquire); found != nullptr; found = found->next) {
    if (found->address == address) return found->name;
  }
  std::string name = find_symbol(address);
  if (name.empty()) {
    name = "function at " + as_hex(address - main_module().base);
  } else {
    name = without_parameters(readable(name.c_str()));
  }
  constexpr int most_names = 1000;
  if (found_names_count.fetch_add(1, std::memory_order_relaxed) < most_names) {
    auto* found = new FoundName{address, name, found_names.load(std::memory_order_relaxed)};
    while (
        !found_names.compare_exchange_weak(found->next, found, std::memory_order_release, std::memory_order_relaxed)) {
    }
  } else {
    found_names_count.fetch_sub(1, std::memory_order_relaxed);
  }
  return name;
}

}  // namespace concurrent::pickle::inline v0::detail
