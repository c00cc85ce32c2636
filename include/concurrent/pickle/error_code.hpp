// SPDX-License-Identifier: BSL-1.0
// std::error_code and std::error_condition: the name of the category, the number, and what the category says of it.
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

// Stands for a category that this process does not know. It says what it was sent of each number.
class NamedCategory : public std::error_category {
 public:
  explicit NamedCategory(std::string name) : name_(std::move(name)) {}
  const char* name() const noexcept override { return name_.c_str(); }
  std::string message(int value) const override {
    const Text* const known = find(value);
    return known != nullptr ? known->text : name_ + " error " + std::to_string(value);
  }
  /// Takes memory for good, as the category does, so that only so many are kept.
  void learn(int value, std::string text) const {
    constexpr int most_texts = 1024;
    constexpr std::size_t longest = 4096;
    if (find(value) != nullptr || text.size() > longest) return;
    if (texts_so_far.fetch_add(1, std::memory_order_relaxed) >= most_texts) {
      texts_so_far.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    auto* const added = new Text{value, std::move(text), texts_.load(std::memory_order_relaxed)};
    while (!texts_.compare_exchange_weak(added->next, added, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }

 private:
  struct Text {
    int value;
    std::string text;
    const Text* next;
  };
  static inline constinit std::atomic<int> texts_so_far{0};

  const Text* find(int value) const noexcept {
    const Text* known = texts_.load(std::memory_order_acquire);
    while (known != nullptr && known->value != value) known = known->next;
    return known;
  }

  std::string name_;
  mutable std::atomic<const Text*> texts_{nullptr};
};

template <class Wanted>
const std::error_category* find_standard_category(Wanted&& wanted) noexcept {
  for (const std::error_category* category :
       {&std::generic_category(), &std::system_category(), &std::iostream_category()}) {
    if (wanted(*category)) return category;
  }
  return nullptr;
}

inline const std::error_category& find_category(Reader& reader, std::string_view name) {
  const auto has_name = [name](const std::error_category& category) { return name == category.name(); };
  if (const auto* const standard = find_standard_category(has_name)) return *standard;
  for (const KnownCategory* known = known_categories.load(std::memory_order_acquire); known != nullptr;
       known = known->next) {
    if (has_name(*known->category)) return *known->category;
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
  static constexpr std::size_t minimum_size() { return 2 * sizeof(std::uint64_t) + sizeof(int); }
  static void dump(Writer& writer, const T& value) {
    const std::string_view name = value.category().name();
    dump_block(writer, name.data(), name.size());
    writer.put(value.value());
    std::string text;  // those of the standard's every process knows
    const auto is_its = [&](const std::error_category& category) { return category == value.category(); };
    if (find_standard_category(is_its) == nullptr) {
      try {
        text = value.message();
      } catch (...) {  // of the program's category, which may not know that number
      }
    }
    dump_block(writer, text.data(), text.size());
  }
  static T load(Reader& reader) {
    const std::string name = load_text(reader);
    const auto value = reader.get<int>();
    std::string text = load_text(reader);
    const std::error_category& category = find_category(reader, name);
    if (!text.empty()) {
      if (const auto* unknown = dynamic_cast<const NamedCategory*>(&category)) unknown->learn(value, std::move(text));
    }
    return T(value, category);
  }

 private:
  static std::string load_text(Reader& reader) {
    const auto [block, size] = view_block<char>(reader);
    return std::string(reinterpret_cast<const char*>(block), size);
  }
};

}  // namespace detail

/// Makes a category of the program's own known, so that error codes of it still compare equal when they come from
/// another process. The standard ones are known. Codes of one that is not keep their name, number and message.
inline void register_error_category(const std::error_category& category) { detail::add_category(category); }

}  // namespace concurrent::pickle::inline v0
