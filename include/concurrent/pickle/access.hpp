// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>

namespace concurrent::pickle::inline v0 {

/// Lets a class keep its `serialize`, `save`, `load` and default constructor private: `friend class
/// concurrent::pickle::Access;`
class Access {
 public:
  template <class Archive, class T>
  static auto serialize(Archive& archive, T& value) -> decltype(value.serialize(archive)) {
    return value.serialize(archive);
  }
  template <class Archive, class T>
  static auto serialize_versioned(Archive& archive, T& value) -> decltype(value.serialize(archive, 0u)) {
    return value.serialize(archive, 0u);
  }
  template <class Archive, class T>
  static auto save(Archive& archive, const T& value) -> decltype(value.save(archive)) {
    return value.save(archive);
  }
  template <class Archive, class T>
  static auto load(Archive& archive, T& value) -> decltype(value.load(archive)) {
    return value.load(archive);
  }
  template <class T>
  static auto construct() -> decltype(T()) {
    return T();
  }
};

}  // namespace concurrent::pickle::inline v0
