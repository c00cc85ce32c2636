// SPDX-License-Identifier: BSL-1.0
// What the dynamic linker tells of the program and its libraries.
#pragma once

#include <concurrent/os/module.hpp>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>
#include <utility>

namespace concurrent::os::inline v0 {

inline std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t hash = 0xcbf29ce484222325u) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;  // FNV-1a
  return hash;
}

// The build id among the notes of a segment, hashed; 0 if there is none.
inline std::uint64_t find_build_id(const unsigned char* notes, std::size_t size, std::size_t alignment) noexcept {
  const auto padded = [alignment](std::size_t n) { return (n + alignment - 1) / alignment * alignment; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes, sizeof(note));
    const std::size_t name = sizeof(note);
    const std::size_t content = padded(name + note.n_namesz);
    const std::size_t end = content + note.n_descsz;
    if (end > size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes + name, "GNU", 4) == 0) {
      return hash_bytes(notes + content, note.n_descsz);
    }
    if (padded(end) >= size) break;
    notes += padded(end);
    size -= padded(end);
  }
  return 0;
}

inline Module describe_module(const dl_phdr_info& info) noexcept {
  Module module;
  module.base = info.dlpi_addr;
  // Without a build id, the name of the file and the sizes of its segments have to do.
  if (info.dlpi_name != nullptr) module.path = info.dlpi_name;
  const char* slash = std::strrchr(module.path, '/');
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) module.has_relro |= info.dlpi_phdr[i].p_type == PT_GNU_RELRO;
  std::size_t constants = 0;
  std::uint64_t sizes =
      hash_bytes(slash == nullptr ? module.path : slash, std::strlen(slash == nullptr ? module.path : slash));
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    const std::uintptr_t low = info.dlpi_addr + segment.p_vaddr;
    // Where the linker was told to leave relocated constants writable (-z norelro), they are among the data.
    const bool constant = segment.p_type == PT_GNU_RELRO ||
                          (segment.p_type == PT_LOAD && ((segment.p_flags & PF_W) == 0 || !module.has_relro));
    if (constant && constants < std::size(module.constants)) {
      module.constants[constants] = {low, low + segment.p_memsz};
      // The first to be looked at: the kinds of calls are there, for they hold addresses.
      if (segment.p_type == PT_GNU_RELRO) std::swap(module.constants[0], module.constants[constants]);
      ++constants;
    }
    if (segment.p_type == PT_LOAD) {
      const Module::Range range{low, low + segment.p_memsz};
      if (module.all.high == 0) module.all = range;
      if (range.low < module.all.low) module.all.low = range.low;
      if (range.high > module.all.high) module.all.high = range.high;
      if ((segment.p_flags & PF_X) != 0) (module.code.high == 0 ? module.code : module.more_code) = range;
      sizes = hash_bytes(&segment.p_filesz, sizeof(segment.p_filesz), sizes);
      sizes = hash_bytes(&segment.p_memsz, sizeof(segment.p_memsz), sizes);
    } else if (segment.p_type == PT_NOTE && module.id == 0) {
      module.id =
          find_build_id(reinterpret_cast<const unsigned char*>(low), segment.p_memsz, segment.p_align == 8 ? 8 : 4);
    }
  }
  if (module.id == 0) module.id = sizes;
  return module;
}

// Calls visit(info) for what the dynamic linker tells of each module.
template <class Visit>
bool visit_loaded(Visit&& visit) {
  return ::dl_iterate_phdr(
             [](dl_phdr_info* info, std::size_t, void* data) -> int {
               return (*static_cast<std::remove_reference_t<Visit>*>(data))(*info) ? 1 : 0;
             },
             &visit) != 0;
}

/// Calls visit(module) for each loaded module, the program itself first, until it returns true. Returns whether it did.
template <class Visit>
bool visit_modules(Visit&& visit) {
  return visit_loaded([&visit](const dl_phdr_info& info) { return visit(describe_module(info)); });
}

/// Whether a library holds the address among what cannot be written once it is loaded.
inline bool is_constant_of_library(std::uintptr_t address) noexcept {
  return visit_loaded([&](const dl_phdr_info& info) {
    bool constant = false;
    for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
      const auto& segment = info.dlpi_phdr[i];
      if (address - (info.dlpi_addr + segment.p_vaddr) >= segment.p_memsz) continue;
      constant |= segment.p_type == PT_GNU_RELRO || (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0);
    }
    return constant;
  });
}

/// The library that holds the address stays loaded, also when it is closed.
inline void keep_library(const void* inside) noexcept {
  Dl_info library{};
  if (::dladdr(inside, &library) != 0 && library.dli_fname != nullptr)
    ::dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/// Whether the system has started the dynamic loader, which has then loaded the program. Otherwise it maps both, for a
/// program whose file names a loader, and says where that is.
inline bool is_started_by_loader() noexcept {
  if (::getauxval(AT_BASE) != 0) return false;
  bool has_interpreter = false;
  visit_loaded([&](const dl_phdr_info& program) {
    for (std::size_t i = 0; i < program.dlpi_phnum; ++i) has_interpreter |= program.dlpi_phdr[i].p_type == PT_INTERP;
    return true;  // the first is the program
  });
  return has_interpreter;
}

}  // namespace concurrent::os::inline v0
