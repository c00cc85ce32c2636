// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>
#include <limits>

namespace {

enum class Colour : unsigned char { red, green };
enum Plain { first, second };

class Money {  // trivially copyable and no aggregate
 public:
  Money() = default;
  explicit Money(long cents) : cents_(cents) {}
  bool operator==(const Money&) const = default;

 private:
  long cents_ = 0;
};

class Silent {
 public:
  explicit Silent(int number) : number_(number) {}
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

template <>
inline constexpr bool concurrent::pickle::enable_bitwise<Money> = true;

TEST_CASE("scalar: numbers and enums travel exactly") {
  check_round_trip(0);
  check_round_trip(std::numeric_limits<std::int64_t>::min());
  check_round_trip(std::numeric_limits<std::uint64_t>::max());
  check_round_trip('x');
  check_round_trip(1.5F);
  check_round_trip(-0.1);
  check_round_trip(std::numeric_limits<long double>::max());
  check_round_trip(Colour::green);
  check_round_trip(second);
  check_round_trip(std::byte{7});
  CHECK(pickle::dumps(std::uint16_t{1}).size() == 2);
}

TEST_CASE("scalar: a bool is 0 or 1, and nothing else is read as one") {
  check_round_trip(true);
  check_round_trip(false);
  CHECK(refusal<bool>(bytes_of(std::uint8_t{2})).find("neither 0 nor 1") != std::string::npos);
  CHECK_THROWS_AS(pickle::loads<bool>(bytes_of(std::uint8_t{255})), pickle::UnpicklingError);
}

TEST_CASE("scalar: what has no content takes no bytes") {
  struct Empty {
    bool operator==(const Empty&) const { return true; }
  };
  check_round_trip(nullptr);
  check_round_trip(Empty());
  CHECK(pickle::dumps(Empty()).empty());
}

TEST_CASE("scalar: a class that is no aggregate travels bitwise when it says so, and only then") {
  check_round_trip(Money(5));
  check_round_trip(std::vector<Money>{Money(1), Money(2)});
  STATIC_REQUIRE(!pickle::Picklable<Silent>);
}
