// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/access.hpp>
#include <concurrent/pickle/archive.hpp>

namespace concurrent::pickle::inline v0::detail {

// The ways in which a type can say itself how it is pickled. "versioned" are the forms with one more parameter that
// users of Boost.Serialization and cereal have: see class_version.hpp.
enum class Customisation {
  none,
  member_serialize,
  member_serialize_versioned,
  free_serialize,
  free_serialize_versioned,
  member_save_load,
  member_save_load_versioned,
  free_save_load,
  free_save_load_versioned,
};

// Found by argument-dependent lookup alone: nothing of these names is declared here.
template <class Archive, class T>
concept FreeSerialize = requires(Archive& archive, T& value) { serialize(archive, value); };
template <class Archive, class T>
concept FreeSerializeVersioned = requires(Archive& archive, T& value) { serialize(archive, value, 0u); };
template <class T>
concept FreeSaveLoad = requires(OutputArchive& output, const T& constant, InputArchive& input, T& value) {
  save(output, constant);
  load(input, value);
};
template <class T>
concept FreeSaveLoadVersioned = requires(OutputArchive& output, const T& constant, InputArchive& input, T& value) {
  save(output, constant, 0u);
  load(input, value, 0u);
};

template <class T>
consteval Customisation customisation_of() {
  if constexpr (requires(OutputArchive& archive, T& value) { Access::serialize(archive, value); }) {
    return Customisation::member_serialize;
  } else if constexpr (requires(OutputArchive& archive, T& value) {
                         Access::serialize_versioned(archive, value, 0u);
                       }) {
    return Customisation::member_serialize_versioned;
  } else if constexpr (requires(OutputArchive& out, const T& c, InputArchive& in, T& value) {
                         Access::save(out, c);
                         Access::load(in, value);
                       }) {
    return Customisation::member_save_load;
  } else if constexpr (requires(OutputArchive& out, const T& c, InputArchive& in, T& value) {
                         Access::save_versioned(out, c, 0u);
                         Access::load_versioned(in, value, 0u);
                       }) {
    return Customisation::member_save_load_versioned;
  } else if constexpr (FreeSerialize<OutputArchive, T>) {
    return Customisation::free_serialize;
  } else if constexpr (FreeSerializeVersioned<OutputArchive, T>) {
    return Customisation::free_serialize_versioned;
  } else if constexpr (FreeSaveLoad<T>) {
    return Customisation::free_save_load;
  } else if constexpr (FreeSaveLoadVersioned<T>) {
    return Customisation::free_save_load_versioned;
  } else {
    return Customisation::none;
  }
}

}  // namespace concurrent::pickle::inline v0::detail
