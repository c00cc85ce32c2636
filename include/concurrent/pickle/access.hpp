// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <type_traits>

namespace concurrent::pickle::inline v0 {

/// Lets a class keep its `serialize`, `save`, `load` and default constructor private: `friend class
/// concurrent::pickle::Access;`
class Access {
 public:
  /// `value.serialize(archive)`, where there is one; the others likewise.
  template <class Archive, class T>
  static auto serialize(Archive& archive, T& value) -> decltype(value.serialize(archive)) {
    return value.serialize(archive);
  }
  /// `value.serialize(archive, version)`, as Boost.Serialization and cereal have it.
  template <class Archive, class T>
  static auto serialize_versioned(Archive& archive, T& value, unsigned version)
      -> decltype(value.serialize(archive, version)) {
    return value.serialize(archive, version);
  }
  /// `value.save(archive)`.
  template <class Archive, class T>
  static auto save(Archive& archive, const T& value) -> decltype(value.save(archive)) {
    return value.save(archive);
  }
  /// `value.load(archive)`.
  template <class Archive, class T>
  static auto load(Archive& archive, T& value) -> decltype(value.load(archive)) {
    return value.load(archive);
  }
  /// `value.save(archive, version)`.
  template <class Archive, class T>
  static auto save_versioned(Archive& archive, const T& value, unsigned version)
      -> decltype(value.save(archive, version)) {
    return value.save(archive, version);
  }
  /// `value.load(archive, version)`.
  template <class Archive, class T>
  static auto load_versioned(Archive& archive, T& value, unsigned version) -> decltype(value.load(archive, version)) {
    return value.load(archive, version);
  }
  /// What `ask` says to the pointer to the member `serialize`; the others likewise.
  template <class T, class Archive, class Ask>
  static constexpr auto ask_serialize(Ask ask) -> decltype(ask(&T::template serialize<Archive>)) {
    return {};
  }
  /// Of those that are no templates.
  template <class T, class Archive, class Ask>
  static constexpr auto ask_serialize(Ask ask) -> decltype(ask(&T::serialize)) {
    return {};
  }
  /// Of `save`.
  template <class T, class Archive, class Ask>
  static constexpr auto ask_save(Ask ask) -> decltype(ask(&T::template save<Archive>)) {
    return {};
  }
  /// Of a `save` that is no template.
  template <class T, class Archive, class Ask>
  static constexpr auto ask_save(Ask ask) -> decltype(ask(&T::save)) {
    return {};
  }
  /// Of `load`.
  template <class T, class Archive, class Ask>
  static constexpr auto ask_load(Ask ask) -> decltype(ask(&T::template load<Archive>)) {
    return {};
  }
  /// Of a `load` that is no template.
  template <class T, class Archive, class Ask>
  static constexpr auto ask_load(Ask ask) -> decltype(ask(&T::load)) {
    return {};
  }
  /// `T()`, for a value that is loaded.
  template <class T>
  static auto construct() -> decltype(T()) {
    return T();
  }
};

}  // namespace concurrent::pickle::inline v0
