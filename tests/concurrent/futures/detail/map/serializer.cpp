// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/map/serializer.hpp>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;
namespace pickle = concurrent::pickle;

namespace {

/// Knows nothing but int.
struct IntsOnly {
  template <class T>
  static void dump(pickle::Writer& writer, const T& value) {
    static_assert(std::is_same_v<T, int>);
    writer.put(~value);
  }
  template <class T>
  static T load(pickle::Reader& reader) {
    return ~reader.get<T>();
  }
};
using Carrier = detail::MapSerializer<IntsOnly>;

template <class T>
std::vector<std::byte> dumped(const T& value) {
  pickle::detail::VectorWriter writer;
  Carrier::dump<T>(writer, value);
  return writer.take();
}

template <class T>
T carried(const T& value) {
  const auto bytes = dumped(value);
  pickle::Reader reader(bytes);
  return Carrier::load<T>(reader);
}

int half(int x) {
  if (x % 2 != 0) throw std::domain_error("odd");
  return x / 2;
}

}  // namespace

TEST_CASE("MapSerializer: a program's serializer sees items and results only") {
  CHECK(carried(std::vector{1, 2, 3}) == std::vector{1, 2, 3});
  const std::vector<std::tuple<int, int>> pairs{{1, 2}, {3, 4}};
  CHECK(carried(pairs) == pairs);

  const auto result = carried(detail::MapChunk<int (*)(int), int>{{half}}({{2, 3, 4}, {}})).items;
  CHECK(result.values == std::vector{1, 2});
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].index == 1);
  CHECK_THROWS_WITH(std::rethrow_exception(result.errors[0].exception), "odd");
}

TEST_CASE("MapSerializer: a forged count is refused") {
  auto bytes = dumped(std::vector{1, 2, 3});
  bytes[3] = std::byte{0x7f};
  pickle::Reader reader(bytes);
  CHECK_THROWS_AS(Carrier::load<std::vector<int>>(reader), pickle::UnpicklingError);
}

TEST_CASE("SerializerFor: chunks only, and not where pickle itself carries them") {
  using Chunk = detail::MapChunk<int (*)(int), int>;
  STATIC_REQUIRE(std::is_same_v<detail::serializer_for_t<IntsOnly, Chunk&>, Carrier>);
  STATIC_REQUIRE(std::is_same_v<detail::serializer_for_t<IntsOnly, int (*)(int)>, IntsOnly>);
  STATIC_REQUIRE(std::is_same_v<detail::serializer_for_t<pickle::Pickle, Chunk>, pickle::Pickle>);
}
