// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/loaded_modules.hpp>
#include <concurrent/pickle/detail/module.hpp>

#include <cstdint>

namespace concurrent::pickle::inline v0::detail {

CONCURRENT_FUTURES_INLINE const Module& main_module() {
  static const Module module = [] {
    Module found;
    os::visit_modules([&](const Module& program) {
      found = program;
      return true;
    });
    return found;
  }();
  return module;
}

// The place of an object of the program's or of a library's; of another one, none that is anywhere.
inline Place place_of(const void* object) {
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  if (main_module().all.holds(address)) return {main_module().id, address - main_module().base};
  Place place{};
  os::visit_modules([&](const Module& module) {
    if (!module.all.holds(address)) return false;
    place = {module.id, address - module.base};
    return true;
  });
  return place;
}

// The address of a place in this process, which whoever got the place from a message compares and does not follow; null
// if the module is not loaded.
inline const void* address_of(const Place& place) {
  if (place.module == main_module().id) return reinterpret_cast<const void*>(main_module().base + place.offset);
  const void* address = nullptr;
  os::visit_modules([&](const Module& module) {
    if (module.id != place.module) return false;
    address = reinterpret_cast<const void*>(module.base + place.offset);
    return true;
  });
  return address;
}

// Before main, so that no thread is in the middle of it when another one forks.
inline const Module& program_module = main_module();

CONCURRENT_FUTURES_INLINE void keep_loaded(const void* inside) noexcept {
  if (!main_module().all.holds(reinterpret_cast<std::uintptr_t>(inside))) os::keep_library(inside);
}

}  // namespace concurrent::pickle::inline v0::detail
