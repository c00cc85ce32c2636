// SPDX-License-Identifier: BSL-1.0
// The set of functions that a call may name. Each kind of call that the program makes adds itself before main, so that
// bytes that name anything else are refused instead of jumped to.
#pragma once

#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include <dlfcn.h>

namespace concurrent::pickle::inline v0 {

/// Runs one kind of call: unpickles its arguments, calls, pickles the result. `phase` tells how far it is.
using CallFunction = void (*)(Reader& arguments, Writer& result, std::atomic<std::uint32_t>& phase);

namespace detail {

// One kind of call. Objects of this type are static, and make up a list.
struct CallKind {
  CallKind(CallFunction runs, std::string (*describes)(Reader&)) noexcept;

  CallFunction run;
  std::string (*describe)(Reader& after_token);
  const CallKind* next = nullptr;
};

// Finds a kind of call by its function in constant time. Lists grow when a library is opened, perhaps by another
// thread, so the table is built anew then and the old one stays for those who are reading it.
class CallRegistry {
 public:
  void add(CallKind& kind) noexcept {
    const CallKind* first = first_.load(std::memory_order_relaxed);
    do {
      kind.next = first;
    } while (!first_.compare_exchange_weak(first, &kind, std::memory_order_release, std::memory_order_relaxed));
  }

  const CallKind* find(CallFunction function) {
    const Table* table = table_.load(std::memory_order_acquire);
    if (table != nullptr) [[likely]] {
      if (const CallKind* found = table->find(function)) return found;
      if (table->newest == first_.load(std::memory_order_acquire)) return nullptr;
    }
    return rebuild()->find(function);
  }

 private:
  struct Table {
    const CallKind** slots = nullptr;
    std::size_t mask = 0;
    const CallKind* newest = nullptr;  // how far the list had grown
    const Table* older = nullptr;      // keeps it reachable

    std::size_t slot_of(CallFunction function) const noexcept {
      const auto bits = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(function));
      return static_cast<std::size_t>((bits * 0x9E3779B97F4A7C15u) >> 32) & mask;
    }
    const CallKind* find(CallFunction function) const noexcept {
      for (std::size_t i = slot_of(function); slots[i] != nullptr; i = (i + 1) & mask) {
        if (slots[i]->run == function) return slots[i];
      }
      return nullptr;
    }
  };

  // Without a lock: a fork may happen while another thread holds one. If two threads build a table, one of them is
  // thrown away.
  [[gnu::noinline, gnu::cold]] const Table* rebuild() {
    const Table* current = table_.load(std::memory_order_acquire);
    const CallKind* newest = first_.load(std::memory_order_acquire);
    while (current == nullptr || current->newest != newest) {
      std::size_t count = 0;
      for (const CallKind* kind = newest; kind != nullptr; kind = kind->next) ++count;
      std::size_t size = 16;
      while (size < 2 * count) size *= 2;
      auto* table = new Table{new const CallKind* [size] {}, size - 1, newest, current};
      for (const CallKind* kind = newest; kind != nullptr; kind = kind->next) {
        std::size_t i = table->slot_of(kind->run);
        while (table->slots[i] != nullptr && table->slots[i]->run != kind->run) i = (i + 1) & table->mask;
        table->slots[i] = kind;
      }
      if (table_.compare_exchange_strong(current, table, std::memory_order_acq_rel, std::memory_order_acquire))
        return table;
      delete[] table->slots;
      delete table;
      newest = first_.load(std::memory_order_acquire);
    }
    return current;
  }

  std::atomic<const CallKind*> first_{nullptr};
  std::atomic<const Table*> table_{nullptr};
};

inline constinit CallRegistry call_registry{};

inline CallKind::CallKind(CallFunction runs, std::string (*describes)(Reader&)) noexcept
    : run(runs), describe(describes) {
  call_registry.add(*this);
}

}  // namespace detail

}  // namespace concurrent::pickle::inline v0

/// A library that is opened while the program runs may have a registry of its own (its names need not be visible to the
/// program, nor the program's to it). This is how the program asks it.
extern "C" [[gnu::visibility("default"), gnu::used]] inline const void* concurrent_futures_find_call_v0(
    concurrent::pickle::CallFunction function) {
  return concurrent::pickle::detail::call_registry.find(function);
}

namespace concurrent::pickle::inline v0 {
namespace detail {

[[gnu::noinline, gnu::cold]] inline const CallKind* find_call_in_library(CallFunction function) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(function), &info) == 0 || info.dli_fname == nullptr) return nullptr;
  void* library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  using Find = const void* (*)(CallFunction);
  const auto find = reinterpret_cast<Find>(dlsym(library, "concurrent_futures_find_call_v0"));
  const void* kind = find == nullptr ? nullptr : find(function);
  dlclose(library);  // gives back what RTLD_NOLOAD took; the library stays
  return static_cast<const CallKind*>(kind);
}

inline const CallKind* find_call(CallFunction function) {
  if (const CallKind* kind = call_registry.find(function)) [[likely]]
    return kind;
  return function == nullptr ? nullptr : find_call_in_library(function);
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
