// SPDX-License-Identifier: BSL-1.0
// Types that say themselves how they are pickled: serialize, or save and load, as members or as free functions.
#pragma once

#include <concurrent/pickle/detail/class_version.hpp>
#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

namespace detail {

// Not in Codec, where the name of its own member would hide what argument-dependent lookup is to find.
struct FreeFunctions {
  template <class T>
  static void save_value(OutputArchive& archive, const T& value) {
    save(archive, value);
  }
  template <class T>
  static void load_value(InputArchive& archive, T& value) {
    load(archive, value);
  }
  template <class T>
  static void save_value(OutputArchive& archive, const T& value, unsigned version) {
    save(archive, value, version);
  }
  template <class T>
  static void load_value(InputArchive& archive, T& value, unsigned version) {
    load(archive, value, version);
  }
};

template <class T>
struct Codec<T, Kind::custom> {
  using Parts = Types<>;  // only its own functions know
  static constexpr Customisation way = customisation_of<T>();
  static constexpr std::size_t minimum_size() { return 0; }

  static void dump(Writer& writer, const T& value) {
    const Depth depth(writer);
    OutputArchive archive(writer);
    if constexpr (way == Customisation::member_save_load) {
      Access::save(archive, value);
    } else if constexpr (way == Customisation::member_save_load_versioned) {
      Access::save_versioned(archive, value, class_version<T>());
    } else if constexpr (way == Customisation::free_save_load_versioned) {
      FreeFunctions::save_value(archive, value, class_version<T>());
    } else if constexpr (way == Customisation::free_save_load) {
      FreeFunctions::save_value(archive, value);
    } else {
      // One function both writes and reads, so it takes the value by reference to non-const; with an output archive it
      // has no reason to change it.
      call_serialize(archive, const_cast<T&>(value));
    }
  }

  static T load(Reader& reader) {
    constexpr bool can_be_made = requires { Access::construct<T>(); };
    static_assert(
        can_be_made,
        "concurrent::pickle: a type with serialize(archive) or load(archive) is made empty and then filled, but this "
        "one has no default constructor. Give it one (it may be private, with `friend class "
        "concurrent::pickle::Access;`), or specialise concurrent::pickle::Pickler for it.");
    if constexpr (can_be_made) {
      const Depth depth(reader);
      InputArchive archive(reader);
      T value = Access::construct<T>();
      fill(archive, value);
      return value;
    }
  }

 private:
  template <class Archive>
  static void call_serialize(Archive& archive, T& value) {
    if constexpr (way == Customisation::member_serialize) {
      Access::serialize(archive, value);
    } else if constexpr (way == Customisation::member_serialize_versioned) {
      Access::serialize_versioned(archive, value, class_version<T>());
    } else if constexpr (way == Customisation::free_serialize) {
      serialize(archive, value);
    } else {
      serialize(archive, value, class_version<T>());
    }
  }

  static void fill(InputArchive& archive, T& value) {
    if constexpr (way == Customisation::member_save_load) {
      Access::load(archive, value);
    } else if constexpr (way == Customisation::member_save_load_versioned) {
      Access::load_versioned(archive, value, class_version<T>());
    } else if constexpr (way == Customisation::free_save_load_versioned) {
      FreeFunctions::load_value(archive, value, class_version<T>());
    } else if constexpr (way == Customisation::free_save_load) {
      FreeFunctions::load_value(archive, value);
    } else {
      call_serialize(archive, value);
    }
  }
};

// A value with its name, as Boost.Serialization's and cereal's macros make them: the name says nothing here.
template <class T>
concept NamedByBoost = requires(const T& named) {
  { named.name() } -> std::same_as<const char*>;
  named.value();
  named.const_value();
};
template <class T>
concept NamedByCereal = requires(const T& named) {
  requires std::is_same_v<std::remove_cvref_t<decltype(named.name)>, const char*>;
  requires std::is_lvalue_reference_v<decltype(named.value)>;
};

// Reads into an object that exists already, as archives do.
template <class T>
void load_into(Reader& reader, T& value) {
  if constexpr (NamedByBoost<T>) {
    load_into(reader, value.value());
  } else if constexpr (NamedByCereal<T>) {
    load_into(reader, value.value);
  } else if constexpr (std::is_array_v<T>) {
    for (auto& element : value) load_into(reader, element);
  } else {
    check_value<T, Role::argument>();
    if constexpr (can_travel<T, Role::argument>()) value = Pickler<T>::load(reader);
  }
}

template <class T>
void dump_from(Writer& writer, const T& value) {
  if constexpr (NamedByBoost<T>) {
    dump_from(writer, value.const_value());
  } else if constexpr (NamedByCereal<T>) {
    dump_from(writer, value.value);
  } else if constexpr (std::is_array_v<T>) {
    for (const auto& element : value) dump_from(writer, element);
  } else {
    check_value<T, Role::argument>();
    if constexpr (can_travel<T, Role::argument>()) Pickler<T>::dump(writer, value);
  }
}

}  // namespace detail

template <class... Ts>
OutputArchive& OutputArchive::operator()(const Ts&... values) {
  (detail::dump_from(writer_, values), ...);
  return *this;
}

template <class... Ts>
InputArchive& InputArchive::operator()(Ts&&... values) {
  (detail::load_into(reader_, values), ...);
  return *this;
}

}  // namespace concurrent::pickle::inline v0
