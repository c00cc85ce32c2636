// SPDX-License-Identifier: BSL-1.0
// Which known type an exception is, by what was thrown and by what a message says.
#pragma once

#include <concurrent/os/loaded_modules.hpp>
#include <concurrent/pickle/detail/exception_kind.hpp>
#include <concurrent/pickle/detail/module.impl.hpp>
#include <concurrent/pickle/detail/standard_exceptions.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>

namespace concurrent::pickle::inline v0::detail {

template <class Wanted>
const ExceptionKind* find_exception_kind(Wanted&& wanted) {
  for (const auto* declared = declared_exceptions.load(std::memory_order_acquire); declared != nullptr;
       declared = declared->next) {
    if (wanted(declared->kind)) return &declared->kind;
  }
  for (const ExceptionKind* kind : standard_exceptions) {
    if (wanted(*kind)) return kind;
  }
  return nullptr;
}

// Whether several types of a program may have this name: each in its own translation unit.
inline bool may_be_shared(std::string_view type_name) noexcept {
  return type_name.starts_with("ZL") || type_name.find("_GLOBAL__N_") != std::string_view::npos;
}

// A plug-in that hides its symbols from the program has a copy of this library, and in it a list of types, of its own.
// What such a copy knows of is found among its module's constants, which are there for good from then on.
struct ForeignKind {
  const std::type_info* type;
  const ExceptionKind* kind;
  const ForeignKind* next;
};
inline constinit std::atomic<const ForeignKind*> foreign_kinds{nullptr};

// At a place that a message names there may be anything, also what a sanitizer guards.
[[gnu::no_sanitize_address]] inline bool is_exception_kind(const ExceptionKind& kind) noexcept {
  return kind.number == ExceptionKind::right_number && kind.complement == ~ExceptionKind::right_number;
}

[[gnu::no_sanitize_address]] inline const ExceptionKind* find_in_constants(const Module& module,
                                                                           const std::type_info& type) noexcept {
  constexpr std::uintptr_t step = alignof(ExceptionKind);
  for (const Module::Range& range : module.constants) {
    for (std::uintptr_t at = (range.low + step - 1) / step * step; at + sizeof(ExceptionKind) <= range.high;
         at += step) {
      const auto* const kind = reinterpret_cast<const ExceptionKind*>(at);
      if (kind->number == ExceptionKind::right_number && is_exception_kind(*kind) && kind->type == &type) return kind;
    }
  }
  return nullptr;
}

inline const ExceptionKind* find_foreign_kind(const std::type_info& type) {
  const auto address = reinterpret_cast<std::uintptr_t>(&type);
  const auto own = reinterpret_cast<std::uintptr_t>(&foreign_kinds);
  if (main_module().all.holds(address) && main_module().all.holds(own)) return nullptr;
  for (const ForeignKind* known = foreign_kinds.load(std::memory_order_acquire); known != nullptr;
       known = known->next) {
    if (known->type == &type) return known->kind;
  }
  const ExceptionKind* kind = nullptr;
  os::visit_modules([&](const Module& module) {
    if (!module.all.holds(address)) return false;
    if (!module.all.holds(own)) kind = find_in_constants(module, type);
    return true;
  });
  if (kind == nullptr) return nullptr;
  keep_loaded(kind);
  auto* const found = new ForeignKind{&type, kind, foreign_kinds.load(std::memory_order_relaxed)};
  while (
      !foreign_kinds.compare_exchange_weak(found->next, found, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return kind;
}

// By identity. The same type is described twice only where two modules of the program hide it from each other, and then
// it has the name alone in common.
inline const ExceptionKind* find_exception_kind(const std::type_info& type) {
  if (const auto* kind = find_exception_kind([&](const ExceptionKind& known) { return known.type == &type; })) {
    return kind;
  }
  if (const auto* kind = find_foreign_kind(type)) return kind;
  if (may_be_shared(type.name())) return nullptr;
  return find_exception_kind([&](const ExceptionKind& known) { return *known.type == type; });
}

// The same for what a message says.
inline const ExceptionKind* find_exception_kind(const std::string& type_name, const Place& place) {
  const auto has_name = [&](const ExceptionKind& known) { return type_name == known.type->name(); };
  const void* address = address_of(place);
  if (const auto* kind =
          find_exception_kind([&](const ExceptionKind& known) { return &known == address && has_name(known); })) {
    return kind;
  }
  const ExceptionKind* foreign = nullptr;
  os::visit_modules([&](const Module& module) {
    if (module.id != place.module) return false;
    const std::uintptr_t at = module.base + place.offset;
    if (at % alignof(ExceptionKind) == 0 && module.has_constant(at, sizeof(ExceptionKind)))
      foreign = reinterpret_cast<const ExceptionKind*>(at);
    return true;
  });
  if (foreign != nullptr && is_exception_kind(*foreign) && has_name(*foreign)) return foreign;
  if (may_be_shared(type_name)) return nullptr;
  return find_exception_kind(has_name);
}

}  // namespace concurrent::pickle::inline v0::detail
