// SPDX-License-Identifier: BSL-1.0
// The messages that the compiler shows for a type that cannot be pickled. Each is asked in a function whose only
// parameter is the type at fault, because a compiler names the function's parameter beside the message.
#pragma once

#include <concurrent/pickle/detail/refusal.hpp>

namespace concurrent::pickle::inline v0::detail {

template <class Type, Refusal reason>
constexpr void check_part() {
  static_assert(reason != Refusal::nothing, "concurrent::pickle: void is no value. Leave it out.");
  static_assert(reason != Refusal::reference,
                "concurrent::pickle: a reference means nothing in another process. Use the value itself.");
  static_assert(
      reason != Refusal::reference_wrapper,
      "concurrent::pickle: std::reference_wrapper (std::ref) means nothing in another process. Pass the value itself; "
      "what the other side changes comes back as a result.");
  static_assert(reason != Refusal::string_pointer,
                "concurrent::pickle: a pointer to characters means nothing in another process. Use std::string.");
  static_assert(
      reason != Refusal::raw_pointer,
      "concurrent::pickle: a raw pointer means nothing in another process. Use the value itself, std::vector for an "
      "array, std::unique_ptr or std::shared_ptr for an object on the heap.");
  static_assert(
      reason != Refusal::handle,
      "concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing in "
      "another one. Make it inside the function; pass a file's path instead of the open file, and a future's result "
      "instead of the future.");
  static_assert(
      reason != Refusal::view,
      "concurrent::pickle: a view (std::string_view, std::span) would point to bytes that are gone. Use std::string "
      "or std::vector; a view can be an argument only.");
  static_assert(
      reason != Refusal::mutable_span,
      "concurrent::pickle: a std::span of elements that can be changed cannot be sent, as changes would not come "
      "back. Use std::span<const T>.");
  static_assert(
      reason != Refusal::scattered_span,
      "concurrent::pickle: a std::span can be sent only if its elements are plain values without pointers or bools. "
      "Use std::vector.");
  static_assert(
      reason != Refusal::std_function,
      "concurrent::pickle: std::function hides what it holds, so that it cannot be sent. Pass the function or the "
      "lambda itself.");
  static_assert(reason != Refusal::std_bind,
                "concurrent::pickle: std::bind and std::bind_front hide what they hold, so that it cannot be sent. Use "
                "cf::partial(function, arguments...), or a lambda.");
  static_assert(
      reason != Refusal::closure,
      "concurrent::pickle: a lambda can be sent as a value only if it captures nothing, or as the function to call. "
      "Pass a function pointer, or an aggregate with operator().");
  static_assert(reason != Refusal::unique_array,
                "concurrent::pickle: std::unique_ptr<T[]> does not know how many elements it has. Use std::vector.");
  static_assert(reason != Refusal::shared_array,
                "concurrent::pickle: std::shared_ptr<T[]> does not know how many elements it has. Use "
                "std::shared_ptr<std::vector<T>>.");
  static_assert(
      reason != Refusal::deleter,
      "concurrent::pickle: a std::unique_ptr with a deleter of its own is a handle. Use std::unique_ptr<T>, or the "
      "value itself.");
  static_assert(
      reason != Refusal::abstract_class,
      "concurrent::pickle: an abstract class cannot be made on the other side. Use a std::variant of the concrete "
      "classes.");
  static_assert(reason != Refusal::union_type,
                "concurrent::pickle: a union does not know which member it holds. Use std::variant.");
  static_assert(reason != Refusal::volatile_type,
                "concurrent::pickle: a volatile value cannot be pickled. Copy it first.");
  static_assert(
      reason != Refusal::base_class,
      "concurrent::pickle: an aggregate with a base class cannot be taken apart, unless that is empty. Give it a "
      "function `template <class Archive> void serialize(Archive& archive) { archive(a, b, c); }`, or set "
      "concurrent::pickle::enable_bitwise for it if it is trivially copyable and holds no pointer.");
  static_assert(
      reason != Refusal::inherited,
      "concurrent::pickle: this class is pickled by a function of its base class, which leaves out the members that "
      "were added. Give it a function of its own, `template <class Archive> void serialize(Archive& archive) { "
      "archive(static_cast<Base&>(*this), a, b); }`.");
  static_assert(
      reason != Refusal::anonymous_member,
      "concurrent::pickle: an aggregate with an anonymous union or struct cannot be taken apart. Give it a function "
      "`template <class Archive> void serialize(Archive& archive) { archive(a, b, c); }`, or set "
      "concurrent::pickle::enable_bitwise for it if it is trivially copyable and holds no pointer.");
  static_assert(reason != Refusal::too_many_fields,
                "concurrent::pickle: an aggregate with more than 100 members cannot be taken apart. Give it a function "
                "`template <class Archive> void serialize(Archive& archive) { archive(a, b, c); }`, or set "
                "concurrent::pickle::enable_bitwise for it if it is trivially copyable and holds no pointer.");
  static_assert(
      reason != Refusal::fields,
      "concurrent::pickle: the members of this aggregate cannot be enumerated or made one by one (it may have a "
      "reference, bit-fields beside an array, or an array that cannot be moved). Give it a function `template "
      "<class Archive> void serialize(Archive& archive) { archive(a, b, c); }`, or set "
      "concurrent::pickle::enable_bitwise for it if it is trivially copyable and holds no pointer.");
  static_assert(
      reason != Refusal::container,
      "concurrent::pickle: this class has the members of a container, and may hold more than its elements, which would "
      "be lost. Give it a function `template <class Archive> void serialize(Archive& archive) { "
      "archive(static_cast<Base&>(*this), a, b); }`, or, if it holds nothing but its elements, set "
      "concurrent::pickle::enable_container for it.");
  static_assert(
      reason != Refusal::allocator,
      "concurrent::pickle: the allocator of this container has a state, which would be lost. Use a container with "
      "std::allocator, or one with std::pmr::polymorphic_allocator, which arrives with the default memory resource.");
  static_assert(reason != Refusal::eigen_type,
                "concurrent::pickle: a type of Eigen's. For matrices, vectors, arrays, rotations and transformations "
                "#include <concurrent/pickle/eigen.hpp>; a Map, a Ref or an expression has no memory of its own: use "
                "what its eval() gives; for others write a function serialize(archive, value) in namespace Eigen.");
  static_assert(
      reason != Refusal::json_type,
      "concurrent::pickle: a type of nlohmann's JSON. #include <concurrent/pickle/nlohmann_json.hpp> for json "
      "and ordered_json.");
  static_assert(reason != Refusal::class_type,
                "concurrent::pickle: this class does not say how it is pickled. Give it a function `template <class "
                "Archive> void serialize(Archive& archive) { archive(a, b, c); }` (a private one needs `friend class "
                "concurrent::pickle::Access;`), or set concurrent::pickle::enable_bitwise for it if it is trivially "
                "copyable and holds no pointer. For a class of a library write `serialize(archive, value)` in its "
                "namespace, or specialise concurrent::pickle::Pickler for it.");
}

template <class T, Role role>
consteval bool can_travel() {
  return find_refusal<T, role>().reason == Refusal::none;
}

template <class T, Role role>
constexpr void check_value() {
  constexpr auto found = find_refusal<T, role>();
  check_part<typename decltype(found)::type, found.reason>();
}

}  // namespace concurrent::pickle::inline v0::detail
