// SPDX-License-Identifier: BSL-1.0
// Names of functions, for messages: each is asked for once.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/os/symbol_file.hpp>
#include <concurrent/pickle/detail/module.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/symbols.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace concurrent::pickle::inline v0::detail {

inline std::string find_symbol(std::uintptr_t address) {
  const Module& program = main_module();
  return os::find_symbol(address, program.all.holds(address) ? &program : nullptr);
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
