// SPDX-License-Identifier: BSL-1.0
// std::error_code and std::error_condition: the name of the category, and the number.
#pragma once

#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/strings.hpp>

#include <atomic>
#include <cstddef>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

namespace detail {

// A category that is known in this process, by its name. Entries live for ever, as categories do.
struct KnownCategory {
  const std::error_category* category;
  const KnownCategory* next;
};
inline constinit std::atomic<const KnownCategory*> known_categories{nullptr};
inline constinit std::atomic<int> unknown_categories{0};

inline void add_category(const std::error_category& category) {
  auto* added = new KnownCategory{&category, known_categories.load(std::memory_order_relaxed)};
  while (!known_categories.compare_exchange_weak(added->next, added, std::memory_order_release,
                                                 std::memory_order_relaxed)) {
  }
}

// Stands for a category of which this process knows the name alone.
class NamedCategory : public std::error_category {
 public:
  explicit NamedCategory(std::string name) : name_(std::move(name)) {}
  const char* name() const noexcept override { return name_.c_str(); }
  std::string message(int value) const override { return name_ + " error " + std::to_string(value); }

 private:
  std::string name_;
};

inline const std::error_category& find_category(Reader& reader, std::string_view name) {
  for (const std::error_category* category :
       {&std::generic_category(), &std::system_category(), &std::iostream_category()}) {
    if (name == category->name()) return *category;
  }
  for (const KnownCategory* known = known_categories.load(std::memory_order_acquire); known != nullptr;
       known = known->next) {
    if (name == known->category->name()) return *known->category;
  }
  // An error_code refers to its category for ever, so that each new name takes memory for good. Nobody has many.
  constexpr int most_unknown_categories = 256;
  if (name.size() > 256 || unknown_categories.fetch_add(1, std::memory_order_relaxed) >= most_unknown_categories) {
    unknown_categories.fetch_sub(1, std::memory_order_relaxed);
    reader.refuse("an error's category is not known here");
  }
  const auto* made = new NamedCategory(std::string(name));
  add_category(*made);
  return *made;
}

template <class T>
struct Codec<T, Kind::error_code> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t) + sizeof(int); }
  static void dump(Writer& writer, const T& value) {
    const std::string_view name = value.category().name();
    dump_block(writer, name.data(), name.size());
    writer.put(value.value());
  }
  static T load(Reader& reader) {
    const auto [block, size] = view_block<char>(reader);
    const std::string name(reinterpret_cast<const char*>(block), size);
    const auto value = reader.get<int>();
    return T(value, find_category(reader, name));
  }
};

}  // namespace detail

/// Makes a category of the program's own known, so that error codes of it still compare equal when they come from
/// another process. The standard ones are known.
inline void register_error_category(const std::error_category& category) { detail::add_category(category); }

}  // namespace concurrent::pickle::inline v0
