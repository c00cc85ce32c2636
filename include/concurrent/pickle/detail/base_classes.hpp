// SPDX-License-Identifier: BSL-1.0
// The base classes of a class that is known by its run-time type information alone.
#pragma once

#include <concurrent/version.hpp>

#include <string_view>
#include <typeinfo>

namespace concurrent::pickle::inline v0::detail {

// As the Itanium C++ ABI, 2.9.5, lays them out. Some standard libraries declare these classes for their users, others
// keep them to themselves.
struct TypeWithBase {
  const void* virtual_functions;
  const char* name;
  const std::type_info* base;
};
struct TypeWithBases {
  struct Base {
    const std::type_info* type;
    long offset_and_flags;
  };
  static constexpr long public_flag = 2;

  const void* virtual_functions;
  const char* name;
  unsigned flags;
  unsigned count;
  Base bases[1];  // as many as count says
};

// The class of such a description says how it is laid out.
inline constexpr std::string_view one_base_description = "N10__cxxabiv120__si_class_type_infoE";
inline constexpr std::string_view bases_description = "N10__cxxabiv121__vmi_class_type_infoE";

template <class Visit>
void visit_bases_as(std::string_view description, const std::type_info& type, long flags, Visit&& visit) {
  if (description == one_base_description) {
    visit(*reinterpret_cast<const TypeWithBase*>(&type)->base);
  } else if (description == bases_description) {
    const auto* several = reinterpret_cast<const TypeWithBases*>(&type);
    const TypeWithBases::Base* bases = several->bases;
    for (unsigned i = 0; i < several->count; ++i) {
      if ((bases[i].offset_and_flags & flags) == flags) visit(*bases[i].type);
    }
  }
}

// Calls visit(base) for each public base of a class.
template <class Visit>
void visit_bases(const std::type_info& type, Visit&& visit) {
  const std::type_info& its = typeid(type);
  std::string_view description = its.name();
  if (description != one_base_description && description != bases_description) {
    // libstdc++ has a class of its own for std::ios_base::failure, privately derived from one of those two.
    visit_bases_as(typeid(its).name(), its, 0, [&](const std::type_info& base) { description = base.name(); });
  }
  visit_bases_as(description, type, TypeWithBases::public_flag, visit);
}

}  // namespace concurrent::pickle::inline v0::detail
