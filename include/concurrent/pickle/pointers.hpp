// SPDX-License-Identifier: BSL-1.0
// std::unique_ptr, std::shared_ptr and std::weak_ptr. An object that several shared pointers of a message share is
// written once and shared again where it is read; so cycles are read as cycles.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/refuse_null.hpp>
#include <concurrent/pickle/optional.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// A pointer to a base class of the object would be read as an object of the base class.
template <class T>
void refuse_derived(const T& object) {
  if constexpr (std::is_polymorphic_v<T> && !std::is_final_v<T>) {
    if (typeid(object) != typeid(T)) [[unlikely]] {
      throw PicklingError("concurrent::pickle: a pointer to " + std::string(type_name<T>()) + " points to a " +
                          readable(typeid(object).name()) +
                          ", which would arrive as the former only. Use a pointer to the latter, or a std::variant of "
                          "pointers.");
    }
  }
}

template <class T>
struct Codec<T, Kind::unique_ptr> {
  using Element = std::remove_cv_t<typename T::element_type>;
  using Parts = Types<Element>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, const T& value) {
    const Depth depth(writer);
    dump_flag(writer, value != nullptr);
    if (!value) return found_null(writer);
    detail::refuse_derived<Element>(*value);
    Pickler<Element>::dump(writer, *value);
  }
  static T load(Reader& reader) {
    const Depth depth(reader);
    if (!load_flag(reader, "a unique_ptr")) {
      found_null(reader);
      return nullptr;
    }
    return T(new Element(Pickler<Element>::load(reader)));
  }
};

// An object that can be pointed to before it exists, for what points back to it from inside.
template <class T>
struct Promised {
  Promised() noexcept {}
  Promised(const Promised&) = delete;
  Promised& operator=(const Promised&) = delete;
  ~Promised() {
    if (exists) value.~T();
  }

  union {
    T value;
  };
  bool exists = false;
};

template <class T>
struct Codec<T, Kind::shared_ptr> {
  using Element = std::remove_cv_t<typename T::element_type>;
  using Pointer = std::shared_ptr<Element>;
  using Parts = Types<Element>;
  enum class Tag : unsigned char { null = 0, object = 1, again = 2 };
  static constexpr std::size_t minimum_size() { return 1; }

  static void dump(Writer& writer, const T& value) {
    const Depth depth(writer);
    if (!value) {
      found_null(writer);
      writer.put(Tag::null);
    } else if (const auto number = writer.shared_pointers().find_or_add(value, &type_tag<Element>)) {
      writer.put(Tag::again);
      writer.put(*number);
    } else {
      detail::refuse_derived<Element>(*value);
      writer.put(Tag::object);
      Pickler<Element>::dump(writer, *value);
    }
  }

  static T load(Reader& reader) {
    const Depth depth(reader);
    const auto tag = reader.get_once<unsigned char>();
    switch (tag) {
      case static_cast<unsigned char>(Tag::null):
        found_null(reader);
        return nullptr;
      case static_cast<unsigned char>(Tag::object):
        return load_object(reader);
      case static_cast<unsigned char>(Tag::again): {
        const auto number = reader.get_once<std::uint64_t>();
        Pointer pointer = reader.shared_pointers().template find<Element>(number, reader.null_refused());
        if (!pointer) [[unlikely]]
          reader.refuse("a shared_ptr refers to an object that is not there");
        return pointer;
      }
      default:
        reader.refuse("the tag of a shared_ptr is " + std::to_string(tag));
    }
  }

 private:
  static Pointer load_object(Reader& reader) {
    ReadPointers& pointers = reader.shared_pointers();
    if constexpr (requires(Element& object) { object.weak_from_this(); }) {
      // Knows its own shared_ptr, which only a pointer to the object as a whole tells it. So it is there only when it
      // is complete.
      const std::size_t number = pointers.reserve();
      auto pointer = Pointer(new Element(Pickler<Element>::load(reader)));
      pointers.set(number, pointer);
      return pointer;
    } else {
      auto promised = std::make_shared<Promised<Element>>();
      Pointer pointer(promised, std::addressof(promised->value));
      const std::size_t number = pointers.add(pointer);
      ::new (static_cast<void*>(std::addressof(promised->value))) Element(Pickler<Element>::load(reader));
      promised->exists = true;
      pointers.complete(number);
      return pointer;
    }
  }
};

// As the shared pointer that it can become. If nothing else of the message points to the object, it has expired when
// the message is read.
template <class T>
struct Codec<T, Kind::weak_ptr> {
  using Pointer = decltype(std::declval<const T&>().lock());
  using Parts = Types<Pointer>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, const T& value) { Pickler<Pointer>::dump(writer, value.lock()); }
  static T load(Reader& reader) { return T(Pickler<Pointer>::load(reader)); }
};

}  // namespace concurrent::pickle::inline v0::detail
