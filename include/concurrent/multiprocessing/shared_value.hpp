// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/shared_block.hpp>

#include <atomic>
#include <new>
#include <type_traits>

namespace concurrent::multiprocessing::inline v0 {

/// One number (or flag, or small struct) that processes share and change without a lock: a handle to a std::atomic<T>
/// in shared memory, whose copies mean the same value.
///
/// No operation blocks, and a process that is killed in one leaves the value before or after it. Many share one mapping
/// and one descriptor, so that there may be any number of them; each takes 64 bytes.
///
/// Compile error: T is not trivially copyable, is a pointer, or has no lock-free std::atomic (more than 8 bytes).
/// Threads: any, at once.
/// Python: `multiprocessing.Value`, with `value.fetch_add(1)` for `with value.get_lock(): value.value += 1`.
template <class T>
class Value {
  static_assert(std::is_trivially_copyable_v<T>,
                "concurrent::multiprocessing: a Value between processes must be trivially copyable. Use a number, an "
                "enum or a small struct of those.");
  static_assert(!std::is_pointer_v<T> && !std::is_member_pointer_v<T>,
                "concurrent::multiprocessing: a pointer means nothing in another process. Share what it points to, or "
                "an index.");

 public:
  using value_type = T;

  /// Makes a value of its own in shared memory.
  /// Throws: std::system_error when the system has no room or no descriptor.
  explicit Value(T initial = T()) : memory_(sizeof(T)), value_(::new(address()) std::atomic<T>(initial)) {}
  Value(const Value&) noexcept = default;  // no move: there is no Value without a value
  Value& operator=(const Value&) noexcept = default;

  /// What it is now. Handles are like pointers: a const one may change what it leads to.
  T load() const noexcept { return value_->load(); }
  /// Sets it.
  void store(T desired) const noexcept { value_->store(desired); }
  /// Sets it and returns what it was before.
  T exchange(T desired) const noexcept { return value_->exchange(desired); }
  /// Sets it if it is `expected`; otherwise sets `expected` to what it is, and returns false.
  bool compare_exchange(T& expected, T desired) const noexcept {
    return value_->compare_exchange_strong(expected, desired);
  }
  /// Adds, and returns what it was before. For numbers.
  T fetch_add(T n) const noexcept { return value_->fetch_add(n); }
  /// Subtracts, and returns what it was before. For numbers.
  T fetch_sub(T n) const noexcept { return value_->fetch_sub(n); }

  /// The rest of what an atomic does, as memory orders.
  std::atomic<T>& atomic() const noexcept { return *value_; }

 private:
  friend struct pickle::Pickler<Value>;
  static_assert(!std::is_trivially_copyable_v<T> || std::atomic<T>::is_always_lock_free,
                "concurrent::multiprocessing: a Value must be lock-free between processes, and this type is too large. "
                "Use a type of at most 8 bytes, or an Array.");

  explicit Value(detail::SharedBlock memory) noexcept
      : memory_(std::move(memory)), value_(std::launder(reinterpret_cast<std::atomic<T>*>(address()))) {}
  void* address() const noexcept { return memory_.bytes().data(); }

  detail::SharedBlock memory_;
  std::atomic<T>* value_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to a Value's memory: the copy means the same memory.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it, or sent
/// another type; std::system_error when this one has no room for it.
template <class T>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Value<T>> {
  using Value = concurrent::multiprocessing::Value<T>;

  static void dump(Writer& writer, const Value& value) { value.memory_.dump(writer); }
  static Value load(Reader& reader) {
    auto memory = concurrent::multiprocessing::detail::SharedBlock::load(reader);
    if (memory.size() != sizeof(T)) reader.refuse("the shared memory is no Value of this type");
    return Value(std::move(memory));
  }
};
