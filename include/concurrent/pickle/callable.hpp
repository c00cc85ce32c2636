// SPDX-License-Identifier: BSL-1.0
// What can be called, as a value: functions, member functions, closures and function objects.
#pragma once

#include <concurrent/pickle/detail/captures.hpp>
#include <concurrent/pickle/detail/check.hpp>
#include <concurrent/pickle/function.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
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
// standard layout. Nor has one that captures a class with members in a base, too, or only some of them private; but
// where no address can be in it, it has no reference.
template <class F>
inline constexpr bool has_no_reference = std::is_standard_layout_v<F> || holds_no_pointer<F>;
template <class F>
inline constexpr bool travels_as_bytes = is_closure<F> && copies_as_bytes<F> && has_no_reference<F>;

// Pointers to functions and constants of the program, in a closure that goes to a fresh image: they are moved with the
// program. Written where the program was loaded, or 0 where nothing is moved, and then the places of the pointers.
class MovedPointers {
 public:
  static constexpr std::uint32_t end = 0xffffffff;

  template <class F>
  static void dump(Writer& writer, const F& function) {
    const std::uintptr_t base = writer.audience() >= Audience::fresh_images ? main_module().base : 0;
    writer.put(base);
    if (base == 0) return;
    MovedPointers pointers(writer, std::addressof(function));
    visit_pointers(function, pointers);
    writer.put(end);
  }

  // `bytes` of a closure as they were written.
  static void load(Reader& reader, std::span<std::byte> bytes) {
    const auto base = reader.get_once<std::uintptr_t>();
    if (base == 0) return;
    for (;;) {
      const auto place = reader.get_once<std::uint32_t>();
      if (place == end) return;
      std::uintptr_t address;
      if (place > bytes.size() - sizeof address) [[unlikely]]
        reader.refuse("a captured pointer lies beyond its closure");
      std::memcpy(&address, bytes.data() + place, sizeof address);
      address = address - base + main_module().base;
      if (!is_constant_of_program(address)) [[unlikely]]
        reader.refuse("a captured pointer points to nothing of the program");
      std::memcpy(bytes.data() + place, &address, sizeof address);
    }
  }

  // For visit_pointers.
  void pointer(std::uintptr_t address, const void* place) {
    if (is_constant_of_program(address)) {
      writer_->put(static_cast<std::uint32_t>(static_cast<const std::byte*>(place) - object_));
    }
  }
  void inherited(std::uintptr_t) noexcept {}

 private:
  MovedPointers(Writer& writer, const void* object) noexcept
      : writer_(&writer), object_(static_cast<const std::byte*>(object)) {}

  Writer* writer_;
  const std::byte* object_;
};

template <class F>
inline constexpr bool may_hold_pointers = !holds_no_pointer<F> && sizeof(F) >= sizeof(void*);

// Bytes that are put into an object's place make the object, where copying it would do no more than that.
template <class F>
F load_bytes(Reader& reader) {
  alignas(F) std::byte bytes[sizeof(F)];
  if constexpr (std::is_empty_v<F>) {
    bytes[0] = std::byte{};
  } else {
    reader.read(bytes, sizeof(F));
    if constexpr (may_hold_pointers<F>) MovedPointers::load(reader, bytes);
  }
  return *std::launder(reinterpret_cast<F*>(bytes));
}

template <class F>
void dump_callable(Writer& writer, const F& function) {
  if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) {
    if (function == nullptr) [[unlikely]] {
      throw PicklingError("concurrent::pickle: the callable is a null pointer. Pass a function.");
    }
  }
  if constexpr (travels_as_value<F>) {
    Pickler<F>::dump(writer, function);
  } else if constexpr (!std::is_empty_v<F>) {
    writer.put(function);
    if constexpr (may_hold_pointers<F>) MovedPointers::dump(writer, function);
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
  } else {
    return load_bytes<F>(reader);
  }
}

// The messages for a callable that cannot travel.
template <class F>
struct CallableCheck {
  static constexpr void check() { check_value<F, Role::argument>(); }
};
template <class F>
constexpr void check_callable() {
  if constexpr (is_closure<F>) {
    static_assert(copies_as_bytes<F> || std::is_empty_v<F>,
                  "concurrent::pickle: this lambda captures something that is not trivially copyable (a string, a "
                  "vector, a smart pointer). Pass it as an argument instead, bound with cf::partial(function, value) "
                  "where it is the same for all calls, or make the lambda a struct with operator().");
    static_assert(!copies_as_bytes<F> || has_no_reference<F>,
                  "concurrent::pickle: this lambda captures by reference, which means nothing in another process. "
                  "Capture by value, or pass it as an argument. (A value whose class has members in a base, too, or "
                  "only some of them private, can look like a reference to a compiler: pass it as an argument.)");
  } else {
    CallableCheck<F>::check();
  }
}

}  // namespace detail

/// Functions travel as the place in the program or library that has them, function objects and closures as their state.
///
/// Throws: PicklingError, when a function is in no file that the other process has, or a captured pointer (`this` is
/// one) points into memory that this process writes to, see cf::inherited; UnpicklingError.
/// Compile error: the callable captures by reference, or what cannot travel.
template <class Function>
struct Pickler<Callable<Function>> {
  /// What must be able to travel.
  using Parts = std::conditional_t<detail::travels_as_bytes<Function>, detail::Types<>, detail::Types<Function>>;

  static void dump(Writer& writer, const Callable<Function>& callable) {
    detail::check_callable<Function>();
    detail::Captures<Function>::check(callable.function, writer.readers());
    detail::dump_callable(writer, callable.function);
  }
  static Callable<Function> load(Reader& reader) { return {detail::load_callable<Function>(reader)}; }
};

}  // namespace concurrent::pickle::inline v0
