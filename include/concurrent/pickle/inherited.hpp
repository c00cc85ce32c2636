// SPDX-License-Identifier: BSL-1.0
// A pointer that is meant: to memory as a fork of this process has inherited it.
#pragma once

#include <concurrent/pickle/detail/inherited_key.hpp>
#include <concurrent/pickle/detail/inherited_mark.hpp>
#include <concurrent/pickle/detail/memory_kind.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstdint>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

/// A pointer to memory of this process, for workers that are its forks: they see there what stood there when the
/// executor was made, and change their own copy. Made by `inherited`; used like the pointer. As a capture, an argument
/// or a member of one.
///
/// What was allocated after the executor was made is not there. `submit` refuses what the workers have no memory for;
/// but where the allocator gave memory that it had already, the worker reads what stood there then.
template <class T>
class Inherited {
 public:
  /// What the pointer points to.
  using element_type = T;

  /// None.
  Inherited() noexcept : Inherited(nullptr) {}
  /// As `inherited`.
  explicit Inherited(T* pointer) noexcept : address_(~reinterpret_cast<std::uintptr_t>(pointer)) {}

  /// The pointer.
  T* get() const noexcept { return reinterpret_cast<T*>(~address_); }
  /// What it points to.
  std::add_lvalue_reference_t<T> operator*() const noexcept { return *get(); }
  /// A member of what it points to.
  T* operator->() const noexcept { return get(); }
  operator T*() const noexcept { return get(); }  ///< so that `pointer[i]`, `pointer + n` and `if (pointer)` work

 private:
  [[maybe_unused]] const detail::InheritedMark* mark_ = &detail::inherited_mark;
  std::uintptr_t address_;
};

/// Says that a task which captures this pointer, or gets it as an argument, is to see the memory as it was when the
/// executor was made. With the start method "fork" only: elsewhere `submit` throws PicklingError, or its future gets
/// it.
///
///     pool.submit([table = cf::inherited(&table)] { return table->size(); });
template <class T>
Inherited<T> inherited(T* pointer) noexcept {
  return Inherited<T>(pointer);
}

/// Travels to forks of the process that pickled it, and from there to theirs.
///
/// Throws: PicklingError, unless it is written for forks of this process that have memory there; UnpicklingError in any
/// other process.
template <class T>
struct Pickler<Inherited<T>> {
  static void dump(Writer& writer, const Inherited<T>& pointer) {
    if (writer.audience() != Audience::forks) [[unlikely]]
      detail::refuse_inherited("concurrent::pickle: the value holds");
    const auto address = reinterpret_cast<std::uintptr_t>(pointer.get());
    if (!detail::is_in_fork(address, writer.readers().parent)) [[unlikely]]
      detail::refuse_later_inherited("concurrent::pickle: the value holds");
    writer.put(address);
    writer.put(detail::sign_inherited(address));
  }
  static Inherited<T> load(Reader& reader) {
    const auto address = reader.get<std::uintptr_t>();
    if (reader.get<std::uint64_t>() != detail::sign_inherited(address)) [[unlikely]]
      reader.refuse("an inherited pointer is none of this process or of one that it is a fork of");
    return Inherited<T>(reinterpret_cast<T*>(address));
  }
};

}  // namespace concurrent::pickle::inline v0
