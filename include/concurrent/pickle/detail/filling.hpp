// SPDX-License-Identifier: BSL-1.0
// How values that hold arrays are loaded. A function cannot return an array, nor can a pack be too long for the
// compiler's patience, so the parts of such a value are read one after the other into an object that is there: into one
// made empty, where its parts can be assigned to, else into memory, where each part is made.
#pragma once

#include <concurrent/pickle/detail/bitwise.hpp>
#include <concurrent/pickle/detail/fields.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

template <class... Parts>
consteval bool are_assignable(Types<Parts...>) {
  return (std::is_assignable_v<std::remove_all_extents_t<Parts>&, std::remove_cv_t<std::remove_all_extents_t<Parts>>> &&
          ...);
}

template <class T>
consteval bool is_filled_by_assignment() {
  return requires { T{}; } && are_assignable(FieldTypes<T>());
}

// Whether an aggregate with arrays can be loaded.
template <class T>
consteval bool can_be_filled() {
  return has_referable_fields<T> && std::is_move_constructible_v<T> &&
         (is_filled_by_assignment<T>() || layout<T>.bases == 0);
}

template <class Part>
void assign_part(Reader& reader, Part& part) {
  if constexpr (!std::is_array_v<Part>) {
    part = Pickler<Part>::load(reader);
  } else if constexpr (is_bitwise<Part>()) {
    reader.read(&part, sizeof(part));
  } else {
    for (auto& element : part) assign_part(reader, element);
  }
}

// Ends what has been made if the next part cannot be.
template <class Part>
struct MadeParts {
  Part* first;
  std::size_t count = 1;
  ~MadeParts() { std::destroy_n(first, count); }
};

template <class Part>
void make_part(Reader& reader, Part& part) {
  using Value = std::remove_cv_t<Part>;
  if constexpr (!std::is_array_v<Part>) {
    ::new (const_cast<Value*>(std::addressof(part))) Value(Pickler<Value>::load(reader));
  } else if constexpr (is_bitwise<Value>()) {
    reader.read(const_cast<Value*>(&part), sizeof(part));
  } else {
    MadeParts<std::remove_extent_t<Part>> made{part, 0};
    for (; made.count < std::extent_v<Part>; ++made.count) make_part(reader, part[made.count]);
    made.count = 0;
  }
}

inline void make_parts(Reader&) {}
template <class First, class... Rest>
void make_parts(Reader& reader, First& first, Rest&... rest) {
  make_part(reader, first);
  MadeParts<First> made{std::addressof(first)};
  make_parts(reader, rest...);
  made.count = 0;
}

// Memory for a class without a constructor, whose parts are made one by one.
template <class T>
class Unmade {
 public:
  // Not to be read before its parts are made.
  T& object() { return *std::launder(reinterpret_cast<T*>(memory_)); }
  T take() {
    const MadeParts<T> made{&object()};
    return T(std::move(object()));
  }

 private:
  alignas(T) std::byte memory_[sizeof(T)];
};

// An aggregate, its parts from left to right.
template <class T>
T load_filled(Reader& reader) {
  if constexpr (is_filled_by_assignment<T>()) {
    T value{};
    visit_fields(value, [&](auto&... fields) { (assign_part(reader, fields), ...); });
    return value;
  } else {
    Unmade<T> value;
    visit_fields(value.object(), [&](auto&... fields) { make_parts(reader, fields...); });
    return value.take();
  }
}

}  // namespace concurrent::pickle::inline v0::detail
