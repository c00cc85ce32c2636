// SPDX-License-Identifier: BSL-1.0
// The standard's random engines. Their state is private, and what they write to a stream needs the streams; but it is
// trivially copyable, and where each part of it stands is the same in both standard libraries and could not change
// without breaking every program. So it travels as its bytes, and is looked at before it is believed: an engine with an
// index beyond its words would read what is not its own.
#pragma once

#include <concurrent/pickle/pickler.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

template <class T>
using BaseEngine = std::remove_cvref_t<decltype(std::declval<const T&>().base())>;

constexpr std::size_t aligned(std::size_t offset, std::size_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

// Reads parts of an engine's bytes.
template <class T>
class EngineBytes {
 public:
  using Word = typename T::result_type;
  explicit EngineBytes(const std::byte* bytes) noexcept : bytes_(bytes) {}

  template <class Part>
  Part at(std::size_t offset) const noexcept {
    Part part;
    std::memcpy(&part, bytes_ + offset, sizeof(part));
    return part;
  }
  // Whether each of some words is one that the engine may return.
  bool are_words(std::size_t offset, std::size_t count) const noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      const Word word = at<Word>(offset + i * sizeof(Word));
      if (word < (T::min)() || word > (T::max)()) return false;
    }
    return true;
  }

 private:
  const std::byte* bytes_;
};

// One specialisation for each template of the standard, told apart by the constants that each must have: the size it
// has in the libraries that are known here, and whether bytes are a state of it.
template <class T>
struct EngineState;

template <class T>
  requires requires {
    T::multiplier;
    T::modulus;
  }
struct EngineState<T> {  // linear_congruential_engine
  using Word = typename T::result_type;
  static constexpr std::size_t size = sizeof(Word);
  static bool is_valid(const std::byte* bytes) noexcept { return EngineBytes<T>(bytes).are_words(0, 1); }
};

template <class T>
  requires requires { T::tempering_u; }
struct EngineState<T> {  // mersenne_twister_engine: the words, the index
  using Word = typename T::result_type;
  static constexpr std::size_t index_at = aligned(T::state_size * sizeof(Word), alignof(std::size_t));
  static constexpr std::size_t size = index_at + sizeof(std::size_t);
  static bool is_valid(const std::byte* bytes) noexcept {
    const EngineBytes<T> state(bytes);
#ifdef _LIBCPP_VERSION
    constexpr std::size_t last_index = T::state_size - 1;
#else
    constexpr std::size_t last_index = T::state_size;  // all words are used up
#endif
    return state.template at<std::size_t>(index_at) <= last_index && state.are_words(0, T::state_size);
  }
};

template <class T>
  requires requires { T::long_lag; }
struct EngineState<T> {  // subtract_with_carry_engine: the words, the carry, the index
  using Word = typename T::result_type;
  static constexpr std::size_t carry_at = T::long_lag * sizeof(Word);
  static constexpr std::size_t index_at = aligned(carry_at + sizeof(Word), alignof(std::size_t));
  static constexpr std::size_t size = index_at + sizeof(std::size_t);
  static bool is_valid(const std::byte* bytes) noexcept {
    const EngineBytes<T> state(bytes);
    return state.template at<std::size_t>(index_at) < T::long_lag && state.template at<Word>(carry_at) <= 1 &&
           state.are_words(0, T::long_lag);
  }
};

template <class T>
  requires requires { T::used_block; }
struct EngineState<T> {  // discard_block_engine: the engine in it, how many numbers of the block it has returned
#ifdef _LIBCPP_VERSION
  using Count = int;
#else
  using Count = std::size_t;
#endif
  static constexpr std::size_t count_at = aligned(sizeof(BaseEngine<T>), alignof(Count));
  static constexpr std::size_t size = aligned(count_at + sizeof(Count), alignof(T));
  static bool is_valid(const std::byte* bytes) noexcept {
    const auto count = EngineBytes<T>(bytes).template at<Count>(count_at);
    return count >= 0 && static_cast<std::size_t>(count) <= T::used_block &&
           EngineState<BaseEngine<T>>::is_valid(bytes);
  }
};

template <class T>
  requires requires { T::table_size; }
struct EngineState<T> {  // shuffle_order_engine: the engine in it, the table, the last number
  using Word = typename T::result_type;
  static constexpr std::size_t table_at = aligned(sizeof(BaseEngine<T>), alignof(Word));
  static constexpr std::size_t size = aligned(table_at + (T::table_size + 1) * sizeof(Word), alignof(T));
  static bool is_valid(const std::byte* bytes) noexcept {
    return EngineBytes<T>(bytes).are_words(table_at, T::table_size + 1) && EngineState<BaseEngine<T>>::is_valid(bytes);
  }
};

template <class T>
  requires(type_name<T>().starts_with("std::independent_bits_engine<"))
struct EngineState<T> {
  static constexpr std::size_t size = sizeof(BaseEngine<T>);
  static bool is_valid(const std::byte* bytes) noexcept { return EngineState<BaseEngine<T>>::is_valid(bytes); }
};

template <class T>
struct Codec<T, Kind::random_engine> {
  static_assert(EngineState<T>::size == sizeof(T) && std::is_trivially_copyable_v<T>,
                "concurrent::pickle: this standard library keeps a random engine in another way than those that are "
                "known. Send the seed instead.");
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return sizeof(T); }
  static void dump(Writer& writer, const T& value) { writer.put(value); }
  static T load(Reader& reader) {
    const auto bytes = reader.get<std::array<std::byte, sizeof(T)>>();
    if (!EngineState<T>::is_valid(bytes.data())) [[unlikely]]
      reader.refuse("a random engine is in no state that it can be in");
    return std::bit_cast<T>(bytes);
  }
};

}  // namespace concurrent::pickle::inline v0::detail
