// SPDX-License-Identifier: BSL-1.0
// What a container holds beside its elements: how it compares or hashes them, and where its memory comes from.
#pragma once

#include <concurrent/pickle/detail/refuse_null.hpp>
#include <concurrent/pickle/detail/type_name.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// Whether a container would arrive with another allocator than it had. Where all of a type are equal it makes no
// difference. The standard's polymorphic one says where elements are, and not what: it is not copied with a container
// either. Any other has its reasons.
template <class T>
consteval bool loses_allocator() {
  if constexpr (requires { typename T::allocator_type::value_type; }) {
    using Allocator = typename T::allocator_type;
    constexpr std::string_view name = type_name<Allocator>();
    if (std::allocator_traits<Allocator>::is_always_equal::value) return false;
    // those with which some containers of Boost keep their elements in themselves
    if (std::is_empty_v<Allocator> && name.starts_with("boost::container::")) return false;
    if (name.starts_with("boost::container::dtl::static_storage_allocator<")) return false;
    return !name.starts_with("std::pmr::polymorphic_allocator<");
  } else {
    return false;
  }
}

// A comparator, hash or equality of which any one is like any other. All others travel with their container.
template <class Function>
inline constexpr bool is_stateless = std::is_empty_v<Function> && std::is_default_constructible_v<Function>;

// Stands for those that need not travel among the parts of a type.
struct NoState {};
template <class Function>
using StateOf = std::conditional_t<is_stateless<Function>, NoState, Function>;

// They are called while their container is filled. What the bytes may hold must not make that a jump through a null
// pointer, so there is none in them, in whatever they consist of.
template <class Function>
void dump_state(Writer& writer, const Function& function) {
  if constexpr (!is_stateless<Function>) {
    const RefuseNull no_null(writer);
    Pickler<Function>::dump(writer, function);
  }
}
template <class Function>
Function load_state(Reader& reader) {
  if constexpr (is_stateless<Function>) {
    return Function();
  } else {
    const RefuseNull no_null(reader);
    return Pickler<Function>::load(reader);
  }
}

// What a set or map orders or finds its elements by.
template <class T>
struct ContainerState {
  using Parts = Types<>;
  static void dump(Writer&, const T&) {}
  static T load(Reader&) { return T(); }
};

template <class T>
  requires requires(const T& t) { t.key_comp(); }
struct ContainerState<T> {
  using Compare = typename T::key_compare;
  using Parts = Types<StateOf<Compare>>;
  static void dump(Writer& writer, const T& value) { detail::dump_state<Compare>(writer, value.key_comp()); }
  static T load(Reader& reader) {
    if constexpr (is_stateless<Compare>) {
      return T();
    } else {
      return T(load_state<Compare>(reader));
    }
  }
};

template <class T>
  requires requires(const T& t) {
    t.hash_function();
    t.key_eq();
  }
struct ContainerState<T> {
  using Hash = typename T::hasher;
  using Equal = typename T::key_equal;
  using Parts = Types<StateOf<Hash>, StateOf<Equal>>;
  static void dump(Writer& writer, const T& value) {
    detail::dump_state<Hash>(writer, value.hash_function());
    detail::dump_state<Equal>(writer, value.key_eq());
  }
  static T load(Reader& reader) {
    if constexpr (is_stateless<Hash> && is_stateless<Equal>) {
      return T();
    } else {
      auto hash = load_state<Hash>(reader);
      return T(std::size_t{0}, std::move(hash), load_state<Equal>(reader));
    }
  }
};

// The parts of a container: its elements, and what it holds beside them.
template <class Element, class State>
struct WithState;
template <class Element, class... Parts>
struct WithState<Element, Types<Parts...>> {
  using type = Types<Element, Parts...>;
};

}  // namespace concurrent::pickle::inline v0::detail
