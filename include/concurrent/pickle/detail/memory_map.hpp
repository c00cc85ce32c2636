// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/loaded_modules.hpp>
#include <concurrent/os/maps.hpp>
#include <concurrent/pickle/detail/memory_kind.hpp>
#include <concurrent/pickle/detail/module.impl.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace concurrent::pickle::inline v0::detail {

inline MemoryKind kind_of(const os::Mapping& mapping) noexcept {
  if (!mapping.exists()) return MemoryKind::none;
  return mapping.is_shared ? MemoryKind::shared : mapping.is_writable ? MemoryKind::own : MemoryKind::constant;
}

// The mapping of a fork that this thread has asked for last. A fork of ours gives nothing back that it has inherited.
struct ForkMapping {
  pid_t process = 0;
  os::Mapping mapping;
};
inline constinit thread_local ForkMapping last_in_fork{};

// What a fork has at an address; null where the system does not say. Asked again if `expected` is something else.
inline const os::Mapping* mapping_in_fork(std::uintptr_t address, pid_t parent, const os::Mapping* expected) noexcept {
  ForkMapping& last = last_in_fork;
  if (last.process == parent && last.mapping.holds(address) &&
      (expected == nullptr || last.mapping.shows_same(*expected))) {
    return &last.mapping;
  }
  last.process = 0;
  const int file = os::open_maps(parent);
  if (file < 0) return nullptr;
  os::MemoryMap map(address);
  if (map.ask(file, last.mapping) || map.read(file, last.mapping)) last.process = parent;
  ::close(file);
  return last.process == parent ? &last.mapping : nullptr;
}

CONCURRENT_FUTURES_INLINE MemoryKind find_memory_kind(std::uintptr_t address, pid_t parent) noexcept {
  const int error = errno;
  MemoryKind kind = MemoryKind::none;
  os::Mapping mapping;
  const os::Mapping* here = &mapping;
  if (os::is_mapped(address)) {
    os::MemoryMap map(address);
    const int file = os::open_maps(0);
    const bool answered = file >= 0 && map.ask(file, mapping);
    if (!answered && os::is_constant_of_library(address)) {
      kind = MemoryKind::constant;
      here = nullptr;
    } else if (!answered && (file < 0 || !map.read(file, mapping))) {
      kind = MemoryKind::own;  // where there is no /proc: better refused than computed with something else
    } else {
      kind = kind_of(mapping);
    }
    if (file >= 0) ::close(file);
  }
  if (parent != 0 && (kind == MemoryKind::constant || kind == MemoryKind::shared)) {
    const os::Mapping* const there = mapping_in_fork(address, parent, here);
    if (there != nullptr && !(there->holds(address) && (here == nullptr || there->shows_same(*here))))
      kind = MemoryKind::later;
  }
  errno = error;
  return kind;
}

CONCURRENT_FUTURES_INLINE bool find_in_fork(std::uintptr_t address, pid_t parent) noexcept {
  const int error = errno;
  const os::Mapping* const there = mapping_in_fork(address, parent, nullptr);
  errno = error;
  return there == nullptr || there->holds(address);
}

}  // namespace concurrent::pickle::inline v0::detail
