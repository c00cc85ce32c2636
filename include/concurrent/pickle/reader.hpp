// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/copy_bytes.hpp>
#include <concurrent/pickle/detail/shared_table.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/pickle/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace concurrent::pickle::inline v0 {

/// Whether string_view and span may point into what is read. They may where the bytes outlive them: in a call's
/// arguments.
enum class Views : bool { refused, in_place };

/// Takes bytes from a message. Trusts nothing in it: every access is checked against the end, and every byte is fetched
/// at most once, because the process that wrote the message may change it while it is read.
///
/// Threads: one at a time.
class Reader {
 public:
  /// Reads `bytes`, which must begin at an address that is a multiple of 64 if views are allowed.
  explicit Reader(std::span<const std::byte> bytes, Views views = Views::refused) noexcept
      : first_(bytes.data()), next_(bytes.data()), last_(bytes.data() + bytes.size()), views_(views) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Copies the next `size` bytes to `data`.
  /// Throws: UnpicklingError if there are fewer.
  void read(void* data, std::size_t size) { detail::copy_bytes(data, view(size), size); }

  /// Passes over the next `size` bytes and returns where they are.
  /// Throws: UnpicklingError if there are fewer.
  const std::byte* view(std::size_t size) {
    if (size > remaining()) [[unlikely]]
      refuse_size(size);
    const std::byte* from = next_;
    next_ += size;
    return from;
  }

  /// The next bytes as a trivially copyable value for which every bit pattern is valid.
  template <class T>
  T get() {
    T value;
    std::memcpy(std::addressof(value), view(sizeof(T)), sizeof(T));
    return value;
  }

  /// The next bytes as an integer that is going to be checked: the compiler is kept from fetching it a second time
  /// after the check.
  template <class T>
  T get_once() {
    T value = get<T>();
    asm volatile("" : "+r"(value));
    return value;
  }

  /// A number of elements, each of which takes at least `element_size` (not 0) of the bytes that remain.
  std::size_t get_count(std::size_t element_size) {
    const auto count = get_once<std::uint64_t>();
    if (count > remaining() / element_size) [[unlikely]]
      refuse_count(count, element_size);
    return static_cast<std::size_t>(count);
  }

  /// Passes over padding, see Writer::align.
  void align(std::size_t alignment) { view((alignment - position() % alignment) % alignment); }

  /// Bytes that have not been read.
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(last_ - next_); }
  /// How many bytes have been taken.
  std::size_t position() const noexcept { return static_cast<std::size_t>(next_ - first_); }
  /// Whether views may point into the input.
  bool views_allowed() const noexcept { return views_ == Views::in_place; }

  /// How deep the value that is being read is nested.
  int& depth() noexcept { return depth_; }

  /// Whether a null pointer would be called, and so may not be read: in what a container compares or hashes with.
  bool& null_refused() noexcept { return null_refused_; }

  /// The objects behind the shared pointers read so far.
  detail::ReadPointers& shared_pointers() {
    if (!shared_) shared_ = detail::UniquePointer<detail::ReadPointers>::make();
    return *shared_;
  }

  /// Lets go of them, when all has been read.
  void forget_shared_pointers() noexcept { shared_.reset(); }

  /// Throws an UnpicklingError that says where reading stopped.
  [[noreturn, gnu::cold, gnu::noinline]] void refuse(const std::string& what) const {
    throw UnpicklingError("concurrent::pickle: " + what + " (at byte " + std::to_string(position()) + " of " +
                          std::to_string(last_ - first_) +
                          "). These bytes are damaged or were written for another type.");
  }
  /// Throws UnpicklingError: nested too deeply.
  [[noreturn, gnu::cold, gnu::noinline]] void refuse_depth() const {
    refuse("the value is nested too deeply for this thread's stack: " + std::to_string(depth_) + " levels");
  }

  /// Throws UnpicklingError: a null pointer where there may be none.
  [[noreturn, gnu::cold, gnu::noinline]] void refuse_null() const {
    refuse("what a container compares or hashes its elements with is a null pointer, or holds one");
  }

 private:
  [[noreturn, gnu::cold, gnu::noinline]] void refuse_size(std::size_t size) const {
    refuse("the bytes end too early: " + std::to_string(size) + " more are needed, " + std::to_string(remaining()) +
           " are left");
  }
  [[noreturn, gnu::cold, gnu::noinline]] void refuse_count(std::uint64_t count, std::size_t element_size) const {
    refuse("a count of " + std::to_string(count) + " elements of at least " + std::to_string(element_size) +
           " bytes each is more than the " + std::to_string(remaining()) + " bytes left can hold");
  }

  const std::byte* first_;
  const std::byte* next_;
  const std::byte* last_;
  Views views_;
  int depth_ = 0;
  bool null_refused_ = false;
  detail::UniquePointer<detail::ReadPointers> shared_;
};

}  // namespace concurrent::pickle::inline v0
