// SPDX-License-Identifier: BSL-1.0
// Pointers to functions. A function's name between processes is the module that holds it (the program or a shared
// library, known by its build id) and its offset in there, so that it does not matter at which address either is
// loaded.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/pickle/detail/call_kind.hpp>
#include <concurrent/pickle/detail/module.hpp>
#include <concurrent/pickle/detail/refuse_null.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

namespace detail {

enum class FunctionToken : unsigned char { null = 0, in_program = 1, in_library = 2 };

// What is named: code to jump to, or an object that is constant and whose bytes are looked at before it is believed.
enum class Target { function, constant };

inline bool module_has(const Module& module, Target target, std::uintptr_t address) noexcept {
  if (target == Target::function) return module.has_code(address);
  return address % alignof(void*) == 0 && module.has_constant(address, sizeof(CallKind));
}

// What stands in the message for a function of the program itself. Those of a library are followed by its path.
struct FunctionName {
  std::uint64_t module;
  std::uint64_t offset;
};

// Those of libraries, in detail/function.impl.hpp.
void dump_library_function(Writer& writer, std::uintptr_t address, Target target);
std::uintptr_t load_library_function(Reader& reader, Target target);
[[noreturn]] void refuse_program_function(Reader& reader, const FunctionName& name);

// A null pointer, or what is not the program's own.
[[gnu::cold, gnu::noinline]] inline void dump_other_function(Writer& writer, std::uintptr_t address, Target target) {
  if (address == 0) {
    found_null(writer);
    writer.put(FunctionToken::null);
  } else {
    dump_library_function(writer, address, target);
  }
}

// Always inline, with the rest above: what is named is known where it is called.
[[gnu::always_inline]] inline void dump_function(Writer& writer, std::uintptr_t address,
                                                 Target target = Target::function) {
  const Module& program = main_module();
  if (module_has(program, target, address)) [[likely]] {
    const FunctionName name{program.id, address - program.base};
    std::byte* to = writer.claim(1 + sizeof(name));
    *to = static_cast<std::byte>(FunctionToken::in_program);
    std::memcpy(to + 1, &name, sizeof(name));
  } else {
    dump_other_function(writer, address, target);
  }
}

inline std::uintptr_t load_function(Reader& reader, Target target = Target::function) {
  const auto token = reader.get_once<unsigned char>();
  if (token == static_cast<unsigned char>(FunctionToken::in_program)) [[likely]] {
    FunctionName name = reader.get<FunctionName>();
    asm volatile("" : "+r"(name.module), "+r"(name.offset));
    const Module& program = main_module();
    if (name.module != program.id || !module_has(program, target, program.base + name.offset)) [[unlikely]] {
      refuse_program_function(reader, name);
    }
    return program.base + name.offset;
  }
  if (token == static_cast<unsigned char>(FunctionToken::null)) {
    found_null(reader);
    return 0;
  }
  if (token != static_cast<unsigned char>(FunctionToken::in_library)) [[unlikely]] {
    reader.refuse("a function's tag is " + std::to_string(token));
  }
  return load_library_function(reader, target);
}

template <class Pointer>
struct Codec<Pointer, Kind::function> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, Pointer function) {
    dump_function(writer, reinterpret_cast<std::uintptr_t>(function));
  }
  static Pointer load(Reader& reader) { return reinterpret_cast<Pointer>(load_function(reader)); }
};

template <class Member, class Class>
constexpr std::size_t size_of_class(Member Class::*) {
  if constexpr (requires { sizeof(Class); }) {
    return sizeof(Class);
  } else {
    return std::size_t{1} << 30;  // known to be no larger than that where it is defined
  }
}

// Whether a member can stand at an offset of its class.
template <class Member, class Class>
constexpr bool may_stand_at(Member Class::*, std::size_t offset) {
  if constexpr (requires {
                  sizeof(Class);
                  sizeof(Member);
                }) {
    constexpr bool is_packed = alignof(Class) < alignof(Member);
    return sizeof(Member) <= sizeof(Class) && offset <= sizeof(Class) - sizeof(Member) &&
           (is_packed || offset % alignof(Member) == 0);
  } else {
    return offset < size_of_class(static_cast<Member Class::*>(nullptr));
  }
}

// Itanium C++ ABI: a pointer to a data member is its offset, or -1; one to a member function is the function's address,
// or 1 + an offset in the table of virtual functions, and then the offset of the object. Where addresses of functions
// may be odd, that 1 is with the offset of the object, which is doubled.
struct MemberFunction {
  std::uintptr_t address;
  std::ptrdiff_t adjustment;

#if defined(__arm__) || defined(__aarch64__) || defined(__mips__)
  static constexpr bool doubles = true;
#else
  static constexpr bool doubles = false;
#endif

  static constexpr MemberFunction of_function(std::uintptr_t function, std::ptrdiff_t offset) noexcept {
    return {function, doubles ? 2 * offset : offset};
  }
  // `entry`: 1 + an offset in the table.
  static constexpr MemberFunction of_entry(std::uintptr_t entry, std::ptrdiff_t offset) noexcept {
    return doubles ? MemberFunction{entry - 1, 2 * offset + 1} : MemberFunction{entry, offset};
  }
  constexpr bool is_virtual() const noexcept {
    return ((doubles ? static_cast<std::uintptr_t>(adjustment) : address) & 1) != 0;
  }
  constexpr std::uintptr_t entry() const noexcept { return address | 1; }
  constexpr std::ptrdiff_t offset() const noexcept { return doubles ? adjustment >> 1 : adjustment; }
};

template <class T>
struct Codec<T, Kind::member_pointer> {
  using Parts = Types<>;
  static constexpr bool to_data = std::is_member_object_pointer_v<T>;
  static constexpr std::size_t minimum_size() { return to_data ? sizeof(std::ptrdiff_t) : 2 + sizeof(std::ptrdiff_t); }

  static void dump(Writer& writer, T member) {
    if constexpr (to_data) {
      if (member == nullptr) found_null(writer);
      writer.put(member);
    } else {
      const auto function = std::bit_cast<MemberFunction>(member);
      writer.put(static_cast<unsigned char>(function.is_virtual()));
      writer.put(function.offset());
      if (function.is_virtual()) {
        writer.put(function.entry());
      } else {
        dump_function(writer, function.address);
      }
    }
  }

  static T load(Reader& reader) {
    if constexpr (to_data) {
      const auto offset = reader.get_once<std::ptrdiff_t>();
      if (offset == -1) found_null(reader);
      if (offset != -1 && (offset < 0 || !may_stand_at(T{}, static_cast<std::size_t>(offset)))) [[unlikely]]
        reader.refuse("a pointer to a member points beyond its class, or between its members");
      return std::bit_cast<T>(offset);
    } else {
      const auto is_virtual = reader.get_once<unsigned char>();
      const auto adjustment = reader.get_once<std::ptrdiff_t>();
      if (is_virtual > 1 || !fits(adjustment)) [[unlikely]]
        reader.refuse("a pointer to a member function is none");
      if (is_virtual == 0) return std::bit_cast<T>(MemberFunction::of_function(load_function(reader), adjustment));
      const auto entry = reader.get_once<std::uintptr_t>();
      constexpr std::uintptr_t most_virtual_functions = 4096;
      if (entry % sizeof(void*) != 1 || entry / sizeof(void*) >= most_virtual_functions) [[unlikely]] {
        reader.refuse("a pointer to a virtual function is none");
      }
      return std::bit_cast<T>(MemberFunction::of_entry(entry, adjustment));
    }
  }

 private:
  static bool fits(std::ptrdiff_t offset) noexcept {
    return offset >= 0 && static_cast<std::size_t>(offset) < size_of_class(T{});
  }
};

}  // namespace detail

}  // namespace concurrent::pickle::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/pickle/detail/function.impl.hpp>
#endif
