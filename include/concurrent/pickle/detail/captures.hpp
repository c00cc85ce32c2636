// SPDX-License-Identifier: BSL-1.0
// The pointers that a closure has captured. Which of its bytes are pointers is known by type, never by value:
// - A closure (or any other trivially copyable type) without a pointer, whatever it is made of, is known by its type
//   alone and never looked at: see holds_no_pointer.
// - Clang tells of each capture which type it has.
// - GCC tells for each word whether any bytes at all can stand there in a constant expression: see PointerWords. Where
//   a closure captures something with private members (std::string_view, std::chrono::seconds), it does not, and there
//   each aligned word without padding is looked at, in which a number could have the value of an address in use: better
//   refused than computed with something else.
#pragma once

#include <concurrent/pickle/detail/inherited_key.hpp>
#include <concurrent/pickle/detail/inherited_mark.hpp>
#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/detail/memory_kind.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/writer.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace concurrent::pickle::inline v0::detail {

// GCC 12 no longer calls a closure trivially copyable once anything has asked whether it can be assigned, which it
// cannot.
template <class T>
inline constexpr bool copies_as_bytes =
    std::is_trivially_copyable_v<T> ||
    (is_closure<T> && std::is_trivially_copy_constructible_v<T> && std::is_trivially_move_constructible_v<T> &&
     std::is_trivially_destructible_v<T>);

template <class T, auto = (static_cast<void>(std::bit_cast<T>(std::array<std::byte, sizeof(T)>{})), 0)>
consteval bool can_be_made_of_bytes(int) {
  return true;
}
template <class T>
consteval bool can_be_made_of_bytes(...) {
  return false;
}

#if !defined(__clang__)

// GCC 12 does not see pointers in arrays when it makes a constant of bytes. An array of the type itself is a way to a
// constant of it whatever it holds, and only where its pointers are null can that be a template's argument.
template <class T>
struct OfBytes {
  T values[1];
};
template <std::size_t size>
consteval auto ones_between(std::size_t first, std::size_t last) {
  std::array<std::byte, size> bytes{};
  for (std::size_t i = first; i < last && i < size; ++i) bytes[i] = std::byte{1};
  return bytes;
}
template <auto>
struct Constant {};
template <class T, std::size_t first, std::size_t last,
          class = Constant<std::bit_cast<OfBytes<T>>(ones_between<sizeof(T)>(first, last)).values[0]>>
consteval bool can_hold_ones(int) {
  return true;
}
template <class T, std::size_t first, std::size_t last>
consteval bool can_hold_ones(...) {
  return false;
}
template <class T>
inline constexpr std::size_t most_constant_bytes = alignof(T) < alignof(void*) ? 0 : 512;

// For each aligned word of a type whether it may be a pointer.
template <class T>
struct PointerWords {
  static constexpr std::size_t count = sizeof(T) / sizeof(void*);
  std::array<bool, count> may_be;

  static consteval PointerWords find() {
    PointerWords words{};
    words.may_be.fill(true);
    if constexpr (sizeof(T) <= most_constant_bytes<T>) {
      if constexpr (can_hold_ones<T, 0, 0>(0)) words.exclude(std::make_index_sequence<count>());
    }
    return words;
  }

 private:
  template <std::size_t... i>
  consteval void exclude(std::index_sequence<i...>) {
    ((may_be[i] = !can_hold_ones<T, i * sizeof(void*), (i + 1) * sizeof(void*)>(0)), ...);
  }
};

#endif

// Whether a type holds no address of any kind, its private parts included. In a constant expression bytes become no
// pointer, reference, pointer to member or union, and nothing that has one in it. Where the answer is false there may
// be one.
template <class T>
consteval bool find_no_pointer() {
  if constexpr (std::is_array_v<T>) {
    return find_no_pointer<std::remove_all_extents_t<T>>();
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_empty_v<T>) {
    return true;
  } else if constexpr (!std::is_class_v<T> || sizeof(T) > 65536 || !can_be_made_of_bytes<T>(0)) {
    return false;
  } else {
#if !defined(__clang__)
    // GCC sees pointers in arrays, and in arrays of anything that has some, only in what a template can have as its
    // argument.
    if constexpr (alignof(T) >= alignof(void*)) {
      if constexpr (!can_hold_ones<T, 0, 0>(0)) {
        return false;
      } else {
        return can_hold_ones<T, 0, sizeof(T)>(0);
      }
    }
#endif
    return true;
  }
}
// Asked early, see copies_as_bytes.
template <class T>
inline constexpr bool holds_no_pointer = find_no_pointer<std::remove_cv_t<T>>();

#if defined(__clang__)

template <class T, class Visit>
void visit_pointers(const T& object, Visit& visit);

// What __builtin_dump_struct calls with each member: how to print it, its type and name, and the member itself, which
// is an lvalue, or else the address of one that cannot be printed.
template <class Visit>
class MemberVisitor {
 public:
  explicit MemberVisitor(Visit& visit) noexcept : visit_(&visit) {}

  template <class... Texts>
  void operator()(const char*, const Texts&...) const noexcept {}
  template <class Member>
  void operator()(const char*, const char*, const char*, const char*, Member&& member) const {
    if constexpr (std::is_lvalue_reference_v<Member>) {
      visit_pointers(member, *visit_);
    } else if constexpr (std::is_pointer_v<Member>) {
      visit_pointers(*member, *visit_);
    }
  }

 private:
  Visit* visit_;
};

// Calls visit.pointer(address, place) for each pointer in an object, visit.inherited(address) for each Inherited. Of an
// optional only if it holds one, of a variant those of what it holds, and none of a union's, which nobody can know.
template <class T, class Visit>
void visit_pointers(const T& object, Visit& visit) {
  if constexpr (holds_no_pointer<T>) {
  } else if constexpr (std::is_pointer_v<T>) {
    visit.pointer(reinterpret_cast<std::uintptr_t>(object), std::addressof(object));
  } else if constexpr (std::is_member_function_pointer_v<T>) {
    std::uintptr_t address;  // or, of a virtual function, a small number
    std::memcpy(&address, std::addressof(object), sizeof address);
    visit.pointer(address, std::addressof(object));
  } else if constexpr (std::is_array_v<T>) {
    for (const auto& element : object) visit_pointers(element, visit);
  } else if constexpr (is_inherited<T>) {
    visit.inherited(reinterpret_cast<std::uintptr_t>(object.get()));
  } else if constexpr (is_optional<T>) {
    if (object) visit_pointers(*object, visit);
  } else if constexpr (is_variant<T>) {
    if (!object.valueless_by_exception()) {
      std::visit([&](const auto& value) { visit_pointers(value, visit); }, object);
    }
  } else if constexpr (std::is_class_v<T>) {
    MemberVisitor<Visit> members(visit);
    __builtin_dump_struct(std::addressof(object), members);
  }
}

#else

// The same. A word with padding in it is no pointer.
template <class T, class Visit>
void visit_pointers(const T& object, Visit& visit) {
  if constexpr (!holds_no_pointer<T> && sizeof(T) >= sizeof(void*)) {
    constexpr PointerWords<T> words = PointerWords<T>::find();
    T filled(object);
    std::memset(static_cast<void*>(std::addressof(filled)), 0xff, sizeof(T));
    __builtin_clear_padding(&filled);
    for (std::size_t i = 0; i < words.count; ++i) {
      if (!words.may_be[i]) continue;
      const auto word_of = [](const T& from, std::size_t at) {
        std::uintptr_t word;
        std::memcpy(&word, reinterpret_cast<const std::byte*>(std::addressof(from)) + at * sizeof(word), sizeof(word));
        return word;
      };
      if (word_of(filled, i) != ~std::uintptr_t{}) continue;
      const std::uintptr_t word = word_of(object, i);
      if (word == reinterpret_cast<std::uintptr_t>(&inherited_mark)) {
        visit.inherited(i + 1 < words.count ? ~word_of(object, i + 1) : 0);
      } else {
        visit.pointer(word, reinterpret_cast<const std::byte*>(std::addressof(object)) + i * sizeof(word));
      }
    }
  }
}

#endif

// What is wrong with the first pointer that is.
enum class CaptureFault { none, stack, own_memory, other_image, later, inherited, inherited_later };

class CaptureCheck {
 public:
  explicit CaptureCheck(const Readers& readers) noexcept : readers_(readers) {}

  void pointer(std::uintptr_t address, const void*) noexcept {
    if (fault_ != CaptureFault::none || address == 0) return;
    const MemoryKind kind = memory_kind(address, readers_.parent);
    if (kind == MemoryKind::own) [[unlikely]] {
      fault_ = is_on_stack(address) ? CaptureFault::stack : CaptureFault::own_memory;
    } else if (kind == MemoryKind::later) [[unlikely]] {
      fault_ = CaptureFault::later;
    } else if (readers_.audience >= Audience::fresh_images && kind != MemoryKind::none &&
               !is_constant_of_program(address)) [[unlikely]] {
      fault_ = CaptureFault::other_image;
    }
  }
  void inherited(std::uintptr_t address) noexcept {
    if (fault_ != CaptureFault::none) return;
    if (readers_.audience != Audience::forks) {
      fault_ = CaptureFault::inherited;
    } else if (!is_in_fork(address, readers_.parent)) {
      fault_ = CaptureFault::inherited_later;
    }
  }
  CaptureFault fault() const noexcept { return fault_; }

 private:
  const Readers readers_;
  CaptureFault fault_ = CaptureFault::none;
};

[[noreturn, gnu::noinline, gnu::cold]] inline void refuse_capture(const std::string& type, CaptureFault fault) {
  const std::string callable = "concurrent::pickle: the callable " + type;
  switch (fault) {
    case CaptureFault::stack:
      throw PicklingError(callable +
                          " holds a pointer (or `this`) into the stack of the thread that sends it, which is gone or "
                          "different where it runs. Capture the value itself, or pass it as an argument.");
    case CaptureFault::other_image:
      throw PicklingError(
          callable +
          " holds a pointer (or `this`) to something of this process, and a worker that is started by "
          "\"forkserver\" or \"spawn\" has something else at that address. Capture the value itself, or "
          "pass it as an argument.");
    case CaptureFault::later:
      throw PicklingError(callable +
                          " holds a pointer (or `this`) to something that was mapped or loaded after the executor was "
                          "made, so that its workers do not have it. Make the executor after the memory, or pass an "
                          "mp::SharedMemory or mp::Array, which workers find whenever it was made.");
    case CaptureFault::inherited:
      refuse_inherited(callable + " holds");
    case CaptureFault::inherited_later:
      refuse_later_inherited(callable + " holds");
    case CaptureFault::own_memory:
    case CaptureFault::none:
      break;
  }
  throw PicklingError(callable +
                      " holds a pointer (or `this`) into memory that this process writes to (its heap, stacks and "
                      "variables). A worker has no part in it: it would see what stood there when the executor was "
                      "made. Capture the value itself or pass it as an argument; cf::inherited(pointer) says, with the "
                      "start method \"fork\", that just that is meant.");
}

// What is looked at before a callable is sent. Those that hold others have specialisations of their own.
template <class F>
struct Captures {
  static constexpr bool as_bytes = (is_closure<F> || enable_bitwise<F>) && !std::is_empty_v<F> && copies_as_bytes<F>;

  // Throws PicklingError for a pointer that means nothing where the callable runs.
  static void check([[maybe_unused]] const F& function, [[maybe_unused]] const Readers& readers) {
    if constexpr (as_bytes && !holds_no_pointer<F>) {
      CaptureCheck check(readers);
      visit_pointers(function, check);
      if (check.fault() != CaptureFault::none) [[unlikely]]
        refuse_capture(readable_name<F>(), check.fault());
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
