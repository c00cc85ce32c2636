// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>

namespace concurrent::pickle::inline v0::detail {

/// What of std::unique_ptr is used in parts that every program with a pool compiles: a pointer and no tuple, with no
/// more functions than it has members. For each type the compiler has a dozen functions less to make than for the
/// standard's.
template <class T>
class UniquePointer {
 public:
  UniquePointer() noexcept = default;
  UniquePointer(decltype(nullptr)) noexcept {}  // NOLINT(google-explicit-constructor): it is a null pointer
  explicit UniquePointer(T* object) noexcept : object_(object) {}
  UniquePointer(UniquePointer&& other) noexcept : object_(other.release()) {}
  template <class Derived>
    requires requires(Derived* derived, T*& object) { object = derived; }
  UniquePointer(UniquePointer<Derived>&& other) noexcept : object_(other.release()) {}  // NOLINT: as the standard's
  UniquePointer& operator=(UniquePointer&& other) noexcept {
    T* const object = other.release();  // its own, maybe
    T* const old = object_;
    object_ = object;
    delete old;
    return *this;
  }
  ~UniquePointer() {
    static_assert(sizeof(T) != 0, "a type that is not complete yet");
    delete object_;
  }

  /// A new T of these arguments. Throws std::bad_alloc, and what the constructor throws.
  template <class... Args>
  static UniquePointer make(Args&&... args) {
    return UniquePointer(new T(static_cast<Args&&>(args)...));
  }

  T* get() const noexcept { return object_; }
  T* release() noexcept {
    T* const object = object_;
    object_ = nullptr;
    return object;
  }
  void reset() noexcept { delete release(); }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool operator==(decltype(nullptr)) const noexcept { return object_ == nullptr; }

 private:
  T* object_ = nullptr;
};

/// The same of std::unique_ptr<T[]>.
template <class T>
class UniqueArray {
 public:
  UniqueArray() noexcept = default;
  /// So many new ones, each as T() makes it. Throws std::bad_alloc, and what the constructor throws.
  explicit UniqueArray(std::size_t size) : first_(new T[size]()) {}
  /// Each has the other's elements then.
  UniqueArray(UniqueArray&& other) noexcept : first_(other.first_) { other.first_ = nullptr; }
  UniqueArray& operator=(UniqueArray&& other) noexcept {
    T* const old = first_;
    first_ = other.first_;
    other.first_ = old;
    return *this;
  }
  ~UniqueArray() { delete[] first_; }

  T& operator[](std::size_t i) const noexcept { return first_[i]; }
  explicit operator bool() const noexcept { return first_ != nullptr; }

 private:
  T* first_ = nullptr;
};

}  // namespace concurrent::pickle::inline v0::detail
