// SPDX-License-Identifier: BSL-1.0
// The items of a chunk, or its results, on their way. One that cannot be written costs itself alone.
//
//   0, values, errors                      as a rule: the values in one piece
//   1, count, {size, value} …, errors      where writing them so has failed: each by itself, those that fail left out
//
// In the second form no value refers to a shared object of another, which may be one that was left out.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/sequence.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0::detail {

/// An item of a chunk that failed.
struct ChunkError {
  std::uint64_t index = 0;
  std::exception_ptr exception;
};

/// Values in order without gaps, and what became of the others by the index of each.
template <class T>
struct ChunkItems {
  std::vector<T> values;
  std::vector<ChunkError> errors;
};
template <>
struct ChunkItems<void> {
  std::vector<ChunkError> errors;
};

/// How they are written; `Values` and `Value` say how the values are, all and one.
template <class T, class Values, class Value>
struct ChunkItemsCodec {
  using Errors = pickle::Pickler<std::vector<ChunkError>>;

  static void dump(pickle::Writer& writer, const ChunkItems<T>& items) {
    if constexpr (cannot_fail) {
      dump_together(writer, items);
    } else {
      const std::size_t start = writer.size();
      try {
        return dump_together(writer, items);
      } catch (...) {
        writer.truncate(start);
      }
      dump_apart(writer, items);
    }
  }
  static ChunkItems<T> load(pickle::Reader& reader) {
    ChunkItems<T> items;
    if (const auto form = reader.get_once<std::byte>(); form == std::byte{0}) {
      items.values = Values::load(reader);
    } else if (form == std::byte{1}) {
      load_apart(reader, items.values);
    } else {
      reader.refuse("the items of a chunk have an unknown form");
    }
    items.errors = Errors::load(reader);
    return items;
  }

 private:
  static constexpr bool cannot_fail = std::is_same_v<Value, pickle::Pickler<T>> && pickle::detail::is_bitwise<T>();

  static void dump_together(pickle::Writer& writer, const ChunkItems<T>& items) {
    writer.put(std::byte{0});
    Values::dump(writer, items.values);
    Errors::dump(writer, items.errors);
  }
  [[gnu::cold, gnu::noinline]] static void dump_apart(pickle::Writer& writer, const ChunkItems<T>& items) {
    std::vector<ChunkError> errors;
    writer.put(std::byte{1});
    const std::size_t count_at = writer.size();
    writer.put(std::uint64_t{0});
    std::uint64_t written = 0;
    std::size_t known = 0;
    for (std::size_t i = 0; i < items.values.size(); ++i) {
      for (; known < items.errors.size() && items.errors[known].index <= i + known; ++known)
        errors.push_back(items.errors[known]);
      const std::size_t at = writer.size();
      try {
        writer.forget_shared_pointers();
        writer.put(std::uint64_t{0});
        Value::dump(writer, items.values[i]);
        patch(writer, at, writer.size() - at - sizeof(std::uint64_t));
        ++written;
      } catch (...) {
        writer.truncate(at);
        errors.push_back({i + known, std::current_exception()});
      }
    }
    for (; known < items.errors.size(); ++known) errors.push_back(items.errors[known]);
    patch(writer, count_at, written);
    writer.forget_shared_pointers();
    Errors::dump(writer, errors);
  }
  static void patch(pickle::Writer& writer, std::size_t at, std::uint64_t number) noexcept {
    std::memcpy(writer.data() + at, &number, sizeof number);
  }

  static void load_apart(pickle::Reader& reader, std::vector<T>& values) {
    const std::size_t count = reader.get_count(sizeof(std::uint64_t));
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = reader.get_count(1);
      const std::size_t end = reader.position() + size;
      reader.forget_shared_pointers();
      values.push_back(Value::load(reader));
      if (reader.position() != end) [[unlikely]]
        reader.refuse("an item of a chunk has another size");
    }
    reader.forget_shared_pointers();
  }
};

}  // namespace concurrent::futures::inline v0::detail

template <class T>
  requires(!std::is_void_v<T>)
struct concurrent::pickle::Pickler<concurrent::futures::detail::ChunkItems<T>>
    : concurrent::futures::detail::ChunkItemsCodec<T, Pickler<std::vector<T>>, Pickler<T>> {
  using Parts = detail::Types<T>;  ///< what must be able to travel
};

template <class T>
struct concurrent::pickle::detail::ArgumentName<concurrent::futures::detail::ChunkItems<T>>
    : ArgumentName<std::vector<T>> {};
