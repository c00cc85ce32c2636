// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/shared_block.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {

/// A fixed number of elements that processes share: a handle to SharedMemory (see there for how long it lives), whose
/// copies mean the same elements. Like std::span, a const handle lets change the elements.
///
/// Nothing is locked and nothing blocks. Elements that one process writes while others look at them need
/// `std::atomic_ref(array[i])`; those that tasks wrote can be read once their futures are done.
///
/// Compile error: T is not trivially copyable, is a pointer, or is aligned to more than a page.
/// Threads: any, as with memory that threads share.
/// Python: `multiprocessing.Array`, without a lock (`lock=False`).
template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_const_v<T>,
                "concurrent::multiprocessing: the elements of an Array between processes must be trivially copyable. "
                "Use numbers or structs of those; containers of strings and the like are in ManagedMemory.");
  static_assert(!std::is_pointer_v<T> && !std::is_member_pointer_v<T>,
                "concurrent::multiprocessing: a pointer means nothing in another process. Share what it points to, or "
                "an index.");
  static_assert(alignof(T) <= 4096, "concurrent::multiprocessing: shared memory begins a page. Align to at most 4096.");

 public:
  using value_type = T;

  /// No elements: for a variable that gets them later.
  Array() noexcept = default;

  /// Makes `count` elements T(). Numbers are zeros that take memory only when they are touched.
  /// Throws: std::invalid_argument if that is more than an address space; std::system_error when the system has no room
  /// or no descriptor.
  explicit Array(std::size_t count) : memory_(make(count)) {
    if constexpr (!std::is_trivially_default_constructible_v<T>) std::uninitialized_value_construct_n(data(), count);
  }
  /// Makes `count` copies of `value`. Throws as above.
  Array(std::size_t count, const T& value) : memory_(make(count)) { std::uninitialized_fill_n(data(), count, value); }
  /// Makes a copy of what stands side by side: a std::vector, a std::array, a span. Throws as above.
  explicit Array(std::span<const T> elements) : memory_(make(elements.size())) {
    std::uninitialized_copy(elements.begin(), elements.end(), data());
  }

  std::size_t size() const noexcept { return memory_.size() / sizeof(T); }
  bool empty() const noexcept { return size() == 0; }
  T* data() const noexcept { return reinterpret_cast<T*>(memory_.bytes().data()); }
  T* begin() const noexcept { return data(); }
  T* end() const noexcept { return data() + size(); }
  /// The element; `index` must be below size().
  T& operator[](std::size_t index) const noexcept { return data()[index]; }
  /// The element. Throws: std::out_of_range if there is none of that index.
  T& at(std::size_t index) const {
    if (index < size()) return data()[index];
    throw std::out_of_range("concurrent::multiprocessing: index " + std::to_string(index) + " of an Array of " +
                            std::to_string(size()) + " elements. It must be below that.");
  }
  /// All items.
  std::span<T> span() const noexcept { return {data(), size()}; }

 private:
  friend struct pickle::Pickler<Array>;
  explicit Array(detail::SharedBlock memory) noexcept : memory_(std::move(memory)) {}

  static detail::SharedBlock make(std::size_t count) {
    if (count == 0) return {};
    if (count <= detail::SharedTrailer::most / sizeof(T)) return detail::SharedBlock(count * sizeof(T), alignof(T));
    throw std::invalid_argument("concurrent::multiprocessing: an Array of " + std::to_string(count) + " elements of " +
                                std::to_string(sizeof(T)) + " bytes has no room in an address space. Take at most " +
                                std::to_string(detail::SharedTrailer::most / sizeof(T)) + ".");
  }

  detail::SharedBlock memory_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to an Array's memory: the copy means the same memory.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it, or sent
/// another type; std::system_error when this one has no room for it.
template <class T>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Array<T>> {
  using Array = concurrent::multiprocessing::Array<T>;

  static void dump(Writer& writer, const Array& array) { array.memory_.dump(writer); }
  static Array load(Reader& reader) {
    auto memory = concurrent::multiprocessing::detail::SharedBlock::load(reader);
    if (memory.size() % sizeof(T) != 0) reader.refuse("the shared memory is no Array of this type");
    return Array(std::move(memory));
  }
};
