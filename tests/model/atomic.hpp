// SPDX-License-Identifier: BSL-1.0
// What stands in for std::atomic in the headers under test: the same interface and the same bytes, with each operation
// a step of the explorer. Outside of an execution it is a plain variable.
//
// Include this before any header of the library, and nothing else that uses std::atomic after it: the name is a macro
// from then on.
#pragma once

#include "model/standard_headers.hpp"

#include "model/explorer.hpp"

namespace std {

/// In this namespace, so that the macro below turns std::atomic into it.
template <class T>
class model_atomic {
  static_assert(sizeof(T) <= sizeof(model::Word) && std::is_trivially_copyable_v<T>);
  using Where = std::source_location;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr model_atomic() noexcept : value_() {}
  constexpr model_atomic(T value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor): as the standard's
  model_atomic(const model_atomic&) = delete;
  model_atomic& operator=(const model_atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) const noexcept {
    if (model::explorer == nullptr) return value_;
    return from_word(model::explorer->load(this, to_word(value_), order_of(order), site(where)));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) noexcept {
    if (model::explorer == nullptr) {
      value_ = value;
      return;
    }
    model::explorer->store(this, to_word(value_), to_word(value), order_of(order), site(where));
    settle();
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) noexcept {
    return change(order, where, [&](T) { return value; });
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) noexcept {
    return change(order, where, [&](T old) { return static_cast<T>(old + value); });
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) noexcept {
    return change(order, where, [&](T old) { return static_cast<T>(old - value); });
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) noexcept {
    return change(order, where, [&](T old) { return static_cast<T>(old | value); });
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst, Where where = Where::current()) noexcept {
    return change(order, where, [&](T old) { return static_cast<T>(old & value); });
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order, std::memory_order failed,
                               Where where = Where::current()) noexcept {
    return compare_exchange(expected, desired, order, order_of(failed), where);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst,
                               Where where = Where::current()) noexcept {
    return compare_exchange(expected, desired, order, std::nullopt, where);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order, std::memory_order failed,
                             Where where = Where::current()) noexcept {
    return compare_exchange(expected, desired, order, order_of(failed), where);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst,
                             Where where = Where::current()) noexcept {
    return compare_exchange(expected, desired, order, std::nullopt, where);
  }

  /// What is there, for whoever plays the kernel.
  T peek() const noexcept { return value_; }

  operator T() const noexcept { return load(); }  // NOLINT(google-explicit-constructor): as the standard's
  T operator=(T value) noexcept {                 // NOLINT(misc-unconventional-assign-operator): likewise
    store(value);
    return value;
  }
  T operator++() noexcept { return static_cast<T>(fetch_add(1) + 1); }
  T operator++(int) noexcept { return fetch_add(1); }

 private:
  bool compare_exchange(T& expected, T desired, std::memory_order order, std::optional<model::Order> failed,
                        const Where& where) noexcept {
    const model::Word old = to_word(expected);
    if (model::explorer == nullptr) {
      const bool same = to_word(value_) == old;
      if (same) value_ = desired;
      if (!same) expected = value_;
      return same;
    }
    const model::Word found = model::explorer->update(
        this, to_word(value_), order_of(order), failed, site(where),
        [&](model::Word word) { return word == old ? std::optional(to_word(desired)) : std::nullopt; });
    settle();
    if (found != old) expected = from_word(found);
    return found == old;
  }

  static model::Word to_word(const T& value) noexcept {
    model::Word word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
  }
  static T from_word(model::Word word) noexcept {
    T value;
    std::memcpy(static_cast<void*>(&value), &word, sizeof value);
    return value;
  }
  static model::Order order_of(std::memory_order order) noexcept {
    switch (order) {
      case std::memory_order_relaxed:
        return model::Order::relaxed;
      case std::memory_order_acquire:
      case std::memory_order_consume:
        return model::Order::acquire;
      case std::memory_order_release:
        return model::Order::release;
      case std::memory_order_acq_rel:
        return model::Order::acq_rel;
      default:
        return model::Order::seq_cst;
    }
  }
  static model::Site site(const Where& where) noexcept { return {where.file_name(), where.line(), where.column()}; }
  void settle() noexcept { value_ = from_word(model::explorer->last(this)); }
  template <class Change>
  T change(std::memory_order order, const Where& where, const Change& to) noexcept {
    if (model::explorer == nullptr) {
      const T old = value_;
      value_ = to(old);
      return old;
    }
    const T old = from_word(
        model::explorer->update(this, to_word(value_), order_of(order), std::nullopt, site(where),
                                [&](model::Word word) { return std::optional(to_word(to(from_word(word)))); }));
    settle();
    return old;
  }

  T value_;
};

inline void model_atomic_thread_fence(std::memory_order order) noexcept {
  if (model::explorer == nullptr) return;
  using model::Order;
  model::explorer->fence(order == std::memory_order_seq_cst   ? Order::seq_cst
                         : order == std::memory_order_acq_rel ? Order::acq_rel
                         : order == std::memory_order_release ? Order::release
                                                              : Order::acquire);
}

/// Bytes that the program has named as such are not written while others may read them.
inline void* model_memcpy(void* to, const void* from, std::size_t size) noexcept {
  if (model::explorer != nullptr) {
    model::explorer->touch(from, size, false);
    model::explorer->touch(to, size, true);
  }
  return std::memcpy(to, from, size);
}

}  // namespace std

#define atomic model_atomic
#define atomic_thread_fence model_atomic_thread_fence
#define memcpy model_memcpy

namespace model {

/// Data that is no atomic, beside an atomic that guards it.
class Data {
 public:
  explicit Data(std::string name) { plain_.name = std::move(name); }
  void write(int value) {
    if (explorer != nullptr) explorer->touch(plain_, true);
    value_ = value;
  }
  int read() const {
    if (explorer != nullptr) explorer->touch(plain_, false);
    return value_;
  }

 private:
  mutable Explorer::Plain plain_;
  int value_ = 0;
};

/// What must hold, in a thread of the program or at its end.
inline void expect(bool holds, const std::string& otherwise) {
  if (holds) return;
  if (explorer == nullptr) throw std::logic_error(otherwise);
  explorer->fail(otherwise);
}

}  // namespace model
