// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/access.hpp>
#include <concurrent/pickle/archive.hpp>

namespace concurrent::pickle::inline v0 {
namespace detail {

// The ways in which a type can say itself how it is pickled. "versioned" is the form with a second parameter that users
// of Boost.Serialization have; the version is always 0.
enum class Customisation {
  none,
  member_serialize,
  member_serialize_versioned,
  free_serialize,
  free_serialize_versioned,
  member_save_load,
  free_save_load,
};

// Found by argument-dependent lookup alone: nothing of these names is declared here.
template <class Archive, class T>
concept FreeSerialize = requires(Archive& archive, T& value) {
  serialize(archive, value);
};
template <class Archive, class T>
concept FreeSerializeVersioned = requires(Archive& archive, T& value) {
  serialize(archive, value, 0u);
};
template <class T>
concept FreeSaveLoad = requires(OutputArchive& output, const T& constant, InputArchive& input, T& value) {
  save(output, constant);
  load(input, value);
};

template <class T>
consteval Customisation customisation_of() {
  if constexpr (requires(OutputArchive & archive, T & value) { Access::serialize(archive, value); }) {
    return Customisation::member_serialize;
  } else if constexpr (requires(OutputArchive & archive, T & value) { Access::serialize_versioned(archive, value); }) {
    return Customisation::member_serialize_versioned;
  } else if constexpr (requires(OutputArchive & out, const T& c, InputArchive& in, T& value) {
                         Access::save(out, c);
                         Access::load(in, value);
                       }) {
    return Customisation::member_save_load;
  } else if constexpr (FreeSerialize<OutputArchive, T>) {
    return Customisation::free_serialize;
  } else if constexpr (FreeSerializeVersioned<OutputArchive, T>) {
    return Customisation::free_serialize_versioned;
  } else if constexpr (FreeSaveLoad<T>) {
    return Customisation::free_save_load;
  } else {
    return Customisation::none;
  }
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
