// SPDX-License-Identifier: BSL-1.0
// What can be called, as a value: functions, member functions, closures and function objects.
#pragma once

#include <concurrent/pickle/detail/check.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/stack.hpp>
#include <concurrent/pickle/function.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

/// A callable as a value that pickles: a function pointer, a pointer to a member, a closure without captures or with
/// trivially copyable ones, or a function object whose type pickles. `Function` need not have a default constructor.
template <class Function>
struct Callable {
  Function function;  ///< need not be default-constructible
};

namespace detail {

template <class F>
inline constexpr bool travels_as_value = can_travel<F, Role::argument>();

// A closure whose captures are trivially copyable travels as its bytes. Reference captures are no better than pointers,
// but a compiler shows them: GCC and Clang make a member of reference type of each, and then the closure has no
// standard layout.
template <class F>
inline constexpr bool travels_as_bytes = is_closure<F>&& std::is_trivially_copyable_v<F>&& std::is_standard_layout_v<F>;

[[noreturn, gnu::noinline, gnu::cold]] inline void refuse_stack_pointer(const std::string& type) {
  throw PicklingError(
      "concurrent::pickle: the callable " + type +
      " holds a pointer (or `this`) into the stack of the thread that sends it, which is gone or different where it "
      "runs. Capture the value itself, or pass it as an argument.");
}

// A pointer into this thread's stack would make a worker read garbage: either its own stack, or, after a fork, what
// stood there when the worker was made. Looks at each word that could be a pointer.
template <class F>
void refuse_pointers_into_stack(const F& function) {
  if constexpr (sizeof(F) >= sizeof(void*) && alignof(F) >= alignof(void*)) {
    for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= sizeof(F); at += sizeof(std::uintptr_t)) {
      std::uintptr_t word;
      std::memcpy(&word, reinterpret_cast<const std::byte*>(&function) + at, sizeof(word));
      if (is_on_stack(word)) [[unlikely]]
        refuse_stack_pointer(readable_name<F>());
    }
  }
}

// The same for any callable, before it is pickled: an executor's submit throws then, instead of failing the future.
template <class F>
void refuse_captured_stack(const F& function) {
  if constexpr (std::is_class_v<F> && std::is_trivially_copyable_v<F> && !std::is_empty_v<F>) {
    refuse_pointers_into_stack(function);
  }
}

template <class F>
void dump_callable(Writer& writer, const F& function) {
  if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) {
    if (function == nullptr) [[unlikely]] {
      throw PicklingError("concurrent::pickle: the callable is a null pointer. Pass a function.");
    }
  }
  if constexpr (travels_as_value<F>) {
    if constexpr (std::is_class_v<F> && std::is_trivially_copyable_v<F>) refuse_pointers_into_stack(function);
    Pickler<F>::dump(writer, function);
  } else if constexpr (!std::is_empty_v<F>) {
    refuse_pointers_into_stack(function);
    writer.put(function);
  }
}

template <class F>
F load_callable(Reader& reader) {
  if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) {
    const F function = Pickler<F>::load(reader);
    if (function == nullptr) [[unlikely]]
      reader.refuse("the callable is a null pointer");
    return function;
  } else if constexpr (travels_as_value<F>) {
    return Pickler<F>::load(reader);
  } else if constexpr (std::is_empty_v<F>) {
    return std::bit_cast<F>(std::array<std::byte, sizeof(F)>{});
  } else {
    return std::bit_cast<F>(reader.get<std::array<std::byte, sizeof(F)>>());
  }
}

template <class F>
constexpr void check_callable() {
  if constexpr (is_closure<F>) {
    static_assert(std::is_trivially_copyable_v<F> || std::is_empty_v<F>,
                  "concurrent::pickle: this lambda captures something that is not trivially copyable (a string, a "
                  "vector, a smart pointer). Pass it as an argument instead, or make the lambda a struct with "
                  "operator().");
    static_assert(!std::is_trivially_copyable_v<F> || std::is_standard_layout_v<F>,
                  "concurrent::pickle: this lambda captures by reference, which means nothing in another process. "
                  "Capture by value, or pass it as an argument.");
  } else {
    check_value<F, Role::argument>();
  }
}

}  // namespace detail

/// Functions travel as the place in the program or library that has them, function objects and closures as their state.
///
/// Throws: PicklingError, when a function is in no file that the other process has, or a captured pointer points into
/// this thread's stack; UnpicklingError.
/// Compile error: the callable captures by reference, or what cannot travel.
template <class Function>
struct Pickler<Callable<Function>> {
  static void dump(Writer& writer, const Callable<Function>& callable) {
    detail::check_callable<Function>();
    detail::dump_callable(writer, callable.function);
  }
  static Callable<Function> load(Reader& reader) { return {detail::load_callable<Function>(reader)}; }
};

}  // namespace concurrent::pickle::inline v0
