// SPDX-License-Identifier: BSL-1.0
// Names of functions. The dynamic linker knows only what is exported, which in a program is next to nothing, so the
// symbols are looked up in the file itself; that takes milliseconds.
#pragma once

#include <concurrent/os/descriptor.hpp>
#include <concurrent/os/module.hpp>

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace concurrent::os::inline v0 {

// An ELF file that is read piecemeal. Whatever is wrong with it, the answer is "nothing found".
class SymbolFile {
 public:
  explicit SymbolFile(const char* path) noexcept : file_(above_streams(::open(path, O_RDONLY | O_CLOEXEC))) {}
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

/// The mangled name of the function that begins at an address, in the program if that holds it; empty: none is known.
inline std::string find_symbol(std::uintptr_t address, const Module* program) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(address), &info) != 0 && info.dli_sname != nullptr &&
      reinterpret_cast<std::uintptr_t>(info.dli_saddr) == address) {
    return info.dli_sname;
  }
  if (program != nullptr) return SymbolFile("/proc/self/exe").find(address - program->base);
  if (info.dli_fname == nullptr) return {};
  return SymbolFile(info.dli_fname).find(address - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
}

}  // namespace concurrent::os::inline v0
