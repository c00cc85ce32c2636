// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/chunk.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0::detail {

/// Carries the chunks of a map where a program has a serializer of its own: that one sees the items and the results,
/// one by one, as it does without chunks. What this library puts around them is its own affair.
template <class Serializer>
struct MapSerializer {
  template <class T>
  static void dump(pickle::Writer& writer, const T& value) {
    Codec<T>::dump(writer, value);
  }
  template <class T>
  static T load(pickle::Reader& reader) {
    return Codec<T>::load(reader);
  }

 private:
  template <class T>
  struct Codec {
    static void dump(pickle::Writer& writer, const T& value) { Serializer::template dump<T>(writer, value); }
    static T load(pickle::Reader& reader) { return Serializer::template load<T>(reader); }
  };

  template <class... Items>
  struct Codec<std::tuple<Items...>> {
    static void dump(pickle::Writer& writer, const std::tuple<Items...>& items) {
      std::apply([&](const Items&... item) { (Codec<Items>::dump(writer, item), ...); }, items);
    }
    static std::tuple<Items...> load(pickle::Reader& reader) { return {Codec<Items>::load(reader)...}; }
  };

  // Of elements, each after one byte, so that their number can be checked against the bytes there are.
  template <class Element>
  struct Codec<std::vector<Element>> {
    static void dump(pickle::Writer& writer, const std::vector<Element>& elements) {
      writer.put(static_cast<std::uint64_t>(elements.size()));
      for (std::size_t i = 0; i < elements.size(); ++i) {
        writer.put(std::byte{});
        Codec<Element>::dump(writer, elements[i]);
      }
    }
    static std::vector<Element> load(pickle::Reader& reader) {
      const std::size_t count = reader.get_count(1);
      std::vector<Element> elements;
      elements.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        reader.get<std::byte>();
        elements.push_back(Codec<Element>::load(reader));
      }
      return elements;
    }
  };

  template <class T>
  struct Codec<ChunkItems<T>> : std::conditional_t<std::is_void_v<T>, pickle::Pickler<ChunkItems<T>>,
                                                   ChunkItemsCodec<T, Codec<std::vector<T>>, Codec<T>>> {};

  template <class R>
  struct Codec<ChunkResult<R>> {
    using Elapsed = pickle::Pickler<std::chrono::nanoseconds>;
    static void dump(pickle::Writer& writer, const ChunkResult<R>& result) {
      Codec<ChunkItems<R>>::dump(writer, result.items);
      Elapsed::dump(writer, result.elapsed);
    }
    static ChunkResult<R> load(pickle::Reader& reader) {
      return {Codec<ChunkItems<R>>::load(reader), Elapsed::load(reader)};
    }
  };
};

/// What carries the arguments and the result of a call of Function, in an executor with Serializer.
template <class Serializer, class Function>
struct SerializerFor {
  using type = Serializer;
};
template <class Serializer, class Function, class... Items>
  requires(!std::is_same_v<Serializer, pickle::Pickle>)
struct SerializerFor<Serializer, MapChunk<Function, Items...>> {
  using type = MapSerializer<Serializer>;
};
template <class Serializer, class Function>
using serializer_for_t = typename SerializerFor<Serializer, std::decay_t<Function>>::type;

}  // namespace concurrent::futures::inline v0::detail
