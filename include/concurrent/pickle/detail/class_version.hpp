// SPDX-License-Identifier: BSL-1.0
// The versions that a program has given to its classes for another library: with BOOST_CLASS_VERSION, or with
// CEREAL_CLASS_VERSION. Both specialise a template of their library's, which is declared here as it is there; their
// headers may come before this one, after it, or never.
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace boost::serialization {
template <class T>
struct version;
}  // namespace boost::serialization

namespace cereal::detail {
namespace {  // which is where that library has it
struct version_binding_tag;
}
template <class T, class BindingTag>
struct Version;
}  // namespace cereal::detail

namespace concurrent::pickle::inline v0::detail {

// Used where T is pickled, which is after its version was given. 0 for those that have none.
template <class T>
unsigned class_version() {
  if constexpr (requires { boost::serialization::version<T>::value; }) {
    if constexpr (boost::serialization::version<T>::value != 0) {
      return static_cast<unsigned>(boost::serialization::version<T>::value);
    }
  }
  if constexpr (requires { cereal::detail::Version<T, cereal::detail::version_binding_tag>::version; }) {
    return cereal::detail::Version<T, cereal::detail::version_binding_tag>::version;
  }
  return 0;
}

}  // namespace concurrent::pickle::inline v0::detail
