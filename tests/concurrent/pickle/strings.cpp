// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

using namespace std::string_literals;

TEST_CASE("strings: strings of every character type travel with their content, zeros included") {
  check_round_trip(""s);
  check_round_trip("text\0more"s);
  check_round_trip(std::string(10000, 'x'));
  check_round_trip(u"wide \x1234"s);
  check_round_trip(U"wider"s);
  check_round_trip(L"wchar_t"s);
  check_round_trip(u8"utf"s);
}

TEST_CASE("strings: a length beyond the input is refused before anything is allocated") {
  CHECK(refusal<std::string>(bytes_of(~std::uint64_t{0}, 'x')).find("18446744073709551615") != std::string::npos);
  CHECK_THROWS_AS(pickle::loads<std::string>(bytes_of(std::uint64_t{1} << 40)), pickle::UnpicklingError);
  // a number of wide characters whose bytes would wrap around
  CHECK_THROWS_AS(pickle::loads<std::u32string>(bytes_of((std::uint64_t{1} << 62) + 1, 'x', 'x', 'x', 'x')),
                  pickle::UnpicklingError);
}

TEST_CASE("strings: a view has the bytes of what it views") {
  const std::string text = "some text";
  const std::array<double, 3> numbers{1, 2, 3};
  CHECK(pickle::dumps(std::string_view(text)) == pickle::dumps(text));
  CHECK(pickle::dumps(std::span<const double>(numbers)) == pickle::dumps(std::vector<double>{1, 2, 3}));
}

TEST_CASE("strings: a view is read in place where that is allowed, and nowhere else") {
  alignas(64) std::array<std::byte, 256> memory{};
  pickle::Writer writer(memory.data(), memory.data() + memory.size(), nullptr);
  pickle::dump(writer, 'x');  // so that the numbers need padding to be aligned
  pickle::dump(writer, std::string_view("text"));
  const std::array<double, 3> numbers{1, 2, 3};
  pickle::dump(writer, std::span<const double>(numbers));

  pickle::Reader reader({memory.data(), writer.size()}, pickle::Views::in_place);
  CHECK(pickle::load<char>(reader) == 'x');
  const auto text = pickle::load<std::string_view>(reader);
  const auto loaded = pickle::load<std::span<const double>>(reader);
  CHECK(text == "text");
  CHECK(std::vector<double>(loaded.begin(), loaded.end()) == std::vector<double>{1, 2, 3});
  const auto inside = [&](const void* at) { return at >= memory.data() && at < memory.data() + memory.size(); };
  CHECK(inside(text.data()));
  CHECK(inside(loaded.data()));
  CHECK(reinterpret_cast<std::uintptr_t>(loaded.data()) % alignof(double) == 0);

  pickle::Reader strict({memory.data(), writer.size()});
  CHECK(pickle::load<char>(strict) == 'x');
  CHECK_THROWS_AS(pickle::load<std::string_view>(strict), pickle::UnpicklingError);
  STATIC_REQUIRE(!pickle::Picklable<std::string_view>);
  STATIC_REQUIRE(!pickle::Picklable<std::span<const double>>);
}

TEST_CASE("strings: a span of fixed length refuses another length") {
  alignas(64) std::array<std::byte, 64> memory{};
  pickle::Writer writer(memory.data(), memory.data() + memory.size(), nullptr);
  pickle::dump(writer, std::vector<int>{1, 2, 3});
  pickle::Reader good({memory.data(), writer.size()}, pickle::Views::in_place);
  CHECK(pickle::load<std::span<const int, 3>>(good)[2] == 3);
  pickle::Reader bad({memory.data(), writer.size()}, pickle::Views::in_place);
  CHECK_THROWS_AS((pickle::load<std::span<const int, 2>>(bad)), pickle::UnpicklingError);
}
