// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Throws std::bad_alloc; the memory is as it was then.
inline void* grow_plain(void* memory, std::size_t elements, std::size_t size) {
  std::size_t bytes = 0;
  void* const grown = __builtin_mul_overflow(elements, size, &bytes) ? nullptr : std::realloc(memory, bytes);
  if (grown == nullptr) throw std::bad_alloc();
  return grown;
}

/// A vector of values that are no more than their bytes. What of std::vector is used for such here, with one growth for
/// all types: every program that makes a pool compiles it.
template <class T>
class PlainVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  PlainVector() noexcept = default;
  PlainVector(const PlainVector&) = delete;
  PlainVector& operator=(const PlainVector&) = delete;
  ~PlainVector() { std::free(static_cast<void*>(data_)); }

  /// Throws std::bad_alloc, as push_back, which does not up to that size.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    data_ = static_cast<T*>(grow_plain(static_cast<void*>(data_), capacity, element_size));
    capacity_ = capacity;
  }
  void push_back(const T& value) {
    const T copy = value;  // which may lie here
    if (size_ == capacity_) reserve(2 * capacity_ + 8);
    ::new (static_cast<void*>(data_ + size_)) T(copy);
    ++size_;
  }
  void pop_back() noexcept { --size_; }
  void pop_front() noexcept {
    --size_;
    for (std::size_t i = 0; i < size_; ++i) data_[i] = data_[i + 1];
  }
  void clear() noexcept { size_ = 0; }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T& back() noexcept { return data_[size_ - 1]; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }

 private:
  static constexpr std::size_t element_size = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
