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

// Calls visit(base) for each public base of a class.
template <class Visit>
void visit_bases(const std::type_info& type, Visit&& visit) {
  // The class of the description tells which it is.
  const std::string_view description = typeid(type).name();
  if (description == "N10__cxxabiv120__si_class_type_infoE") {
    visit(*reinterpret_cast<const TypeWithBase*>(&type)->base);
  } else if (description == "N10__cxxabiv121__vmi_class_type_infoE") {
    const auto* several = reinterpret_cast<const TypeWithBases*>(&type);
    const TypeWithBases::Base* bases = several->bases;
    for (unsigned i = 0; i < several->count; ++i) {
      if ((bases[i].offset_and_flags & TypeWithBases::public_flag) != 0) visit(*bases[i].type);
    }
  }
}

}  // namespace concurrent::pickle::inline v0::detail
