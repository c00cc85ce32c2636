// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Of all PlainVectors, whatever they hold.
class PlainVectorBase {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }

 protected:
  PlainVectorBase() noexcept = default;
  PlainVectorBase(const PlainVectorBase&) = delete;
  PlainVectorBase& operator=(const PlainVectorBase&) = delete;
  ~PlainVectorBase() { ::operator delete(data_); }

  void swap(PlainVectorBase& other) noexcept {
    void* const data = data_;
    const std::size_t size = size_;
    const std::size_t capacity = capacity_;
    data_ = other.data_;
    size_ = other.size_;
    capacity_ = other.capacity_;
    other.data_ = data;
    other.size_ = size;
    other.capacity_ = capacity;
  }
  /// Throws std::bad_alloc; all is as it was then.
  void grow(std::size_t capacity, std::size_t element_size) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(capacity, element_size, &bytes)) throw std::bad_alloc();
    void* const grown = ::operator new(bytes);
    if (size_ != 0) std::memcpy(grown, data_, size_ * element_size);
    ::operator delete(data_);
    data_ = grown;
    capacity_ = capacity;
  }
  /// Where a new element comes to lie at the place `i`. Throws as grow().
  void* make_room(std::size_t i, std::size_t element_size) {
    if (size_ == capacity_) grow(2 * capacity_ + 8, element_size);
    if (i != size_) move_bytes(i + 1, i, size_ - i, element_size);
    ++size_;
    return static_cast<std::byte*>(data_) + i * element_size;
  }
  void move_bytes(std::size_t to, std::size_t from, std::size_t count, std::size_t element_size) noexcept {
    auto* const bytes = static_cast<std::byte*>(data_);
    std::memmove(bytes + to * element_size, bytes + from * element_size, count * element_size);
  }

  void* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// What can be carried to another place as its bytes: plain values, and those whose type says so with the name
/// MovedByBytes, since no part of it points into it and nobody points at it.
template <class T>
concept IsMovedByBytes =
    (std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>) || requires { typename T::MovedByBytes; };

/// A vector of such values. What of std::vector is used for them here, with one growth for all types: every program
/// that makes a pool compiles it.
template <class T>
class PlainVector : public PlainVectorBase {
  static_assert(IsMovedByBytes<T> && std::is_nothrow_move_constructible_v<T> &&
                alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

 public:
  PlainVector() noexcept = default;
  /// Each has the other's values then.
  PlainVector(PlainVector&& other) noexcept : PlainVectorBase() { swap(other); }
  PlainVector& operator=(PlainVector&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PlainVector() {
    if constexpr (!std::is_trivially_destructible_v<T>) clear();
  }

  /// Throws std::bad_alloc, as push_back and insert, which do not up to that size.
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity, element_size);
  }
  /// Where that throws, `value` is as it was.
  void push_back(T&& value) { insert(size_, static_cast<T&&>(value)); }
  void push_back(const T& value) { insert(size_, T(value)); }  // a copy first: it may lie here
  void insert(std::size_t i, T&& value) { ::new (make_room(i, element_size)) T(static_cast<T&&>(value)); }
  void pop_back() noexcept { (begin() + --size_)->~T(); }
  void pop_front() noexcept { erase(0); }
  void erase(std::size_t i) noexcept {
    (begin() + i)->~T();
    if (i != --size_) move_bytes(i, i + 1, size_ - i, element_size);
  }
  void clear() noexcept {
    if constexpr (std::is_trivially_destructible_v<T>) {
      size_ = 0;
    } else {
      while (size_ != 0) pop_back();
    }
  }

  T& operator[](std::size_t i) noexcept { return begin()[i]; }
  const T& operator[](std::size_t i) const noexcept { return begin()[i]; }
  T& front() noexcept { return *begin(); }
  T& back() noexcept { return begin()[size_ - 1]; }
  const T& back() const noexcept { return begin()[size_ - 1]; }
  T* begin() noexcept { return static_cast<T*>(data_); }
  T* end() noexcept { return begin() + size_; }
  const T* begin() const noexcept { return static_cast<const T*>(data_); }
  const T* end() const noexcept { return begin() + size_; }

 private:
  static constexpr std::size_t element_size = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
