// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/golden_ratio.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace concurrent::pickle::inline v0::detail {

// An address that stands for a type within this process.
template <class T>
inline constexpr char type_tag = 0;

// Which objects behind shared pointers a message holds already, in the order they were written. Open addressing,
// because the table is asked once a pointer and std::unordered_map would cost each user of the header its include.
class WrittenPointers {
 public:
  // The number under which the object was written, or nothing: then it has the next number from now on. An object that
  // was made while it was written, by a type's own function, may have gone since, and another have its address.
  template <class T>
  std::optional<std::uint64_t> find_or_add(const std::shared_ptr<T>& pointer, const void* type) {
    const void* object = pointer.get();
    if ((entries_.size() + 1) * 2 > slots_.size()) rehash();
    const std::size_t slot = find_slot(object, type);
    if (slots_[slot] != 0 && !entries_[slots_[slot] - 1].has_gone()) return slots_[slot] - 1;
    entries_.push_back({object, type, pointer, pointer.use_count() != 0});
    slots_[slot] = entries_.size();
    return std::nullopt;
  }

 private:
  struct Entry {
    const void* object;
    const void* type;
    std::weak_ptr<const volatile void> owner;
    bool has_owner;  // which a shared_ptr may lack
    bool has_gone() const noexcept { return has_owner && owner.expired(); }
  };

  std::size_t find_slot(const void* object, const void* type) const {
    const std::uint64_t bits = reinterpret_cast<std::uintptr_t>(object);
    std::size_t slot = ((bits * golden_ratio) >> 20) & (slots_.size() - 1);
    while (slots_[slot] != 0) {
      const Entry& entry = entries_[slots_[slot] - 1];
      if (entry.object == object && entry.type == type) break;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }

  void rehash() {
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) slots_[find_slot(entries_[i].object, entries_[i].type)] = i + 1;
  }

  std::vector<Entry> entries_;
  std::vector<std::size_t> slots_;  // index + 1 into entries_, 0 for free; the size is a power of two
};

// The objects behind shared pointers that a message has yielded so far.
class ReadPointers {
 public:
  // Adds an object that is still being read, and returns its number.
  template <class T>
  std::size_t add(std::shared_ptr<T> pointer) {
    entries_.push_back({std::move(pointer), &type_tag<T>, false});
    return entries_.size() - 1;
  }
  void complete(std::size_t number) { entries_[number].complete = true; }

  // Keeps the place of an object that is still being read and can be pointed to only when it is complete.
  std::size_t reserve() {
    entries_.push_back({nullptr, nullptr, false});
    return entries_.size() - 1;
  }
  template <class T>
  void set(std::size_t number, std::shared_ptr<T> pointer) {
    entries_[number] = {std::move(pointer), &type_tag<T>, true};
  }

  // A null pointer if there is no such object, or it is of another type, or not complete where it must be.
  template <class T>
  std::shared_ptr<T> find(std::uint64_t number, bool must_be_complete) const {
    if (number >= entries_.size() || entries_[number].type != &type_tag<T>) return nullptr;
    if (must_be_complete && !entries_[number].complete) return nullptr;
    return std::static_pointer_cast<T>(entries_[number].object);
  }

 private:
  struct Entry {
    std::shared_ptr<void> object;
    const void* type;
    bool complete;
  };

  std::vector<Entry> entries_;
};

}  // namespace concurrent::pickle::inline v0::detail
