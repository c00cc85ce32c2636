// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <chrono>
#include <ctime>
#include <ratio>
#include <vector>

namespace chrono = std::chrono;

TEST_CASE("time: durations and time points travel exactly") {
  check_round_trip(chrono::nanoseconds(123456789012345));
  check_round_trip(chrono::hours(-5));
  check_round_trip(chrono::duration<double, std::milli>(1.5));
  check_round_trip(chrono::system_clock::now());
  check_round_trip(chrono::steady_clock::now());
  check_round_trip(chrono::sys_days(chrono::days(19000)));
  check_round_trip(std::vector<chrono::seconds>{chrono::seconds(1), chrono::seconds(2)});
}

TEST_CASE("time: calendar types travel") {
  check_round_trip(chrono::year_month_day(chrono::year(2024) / 2 / 29));
  check_round_trip(chrono::weekday(3));
  check_round_trip(chrono::month(5));
  const chrono::hh_mm_ss<chrono::milliseconds> time(chrono::milliseconds(-3'723'004));
  CHECK(there_and_back(time).to_duration() == time.to_duration());
  CHECK(there_and_back(time).is_negative());
}

TEST_CASE("time: C's parts of a time travel, without the name of the zone") {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mon = 1;
  time.tm_mday = 29;
  time.tm_isdst = -1;
  const std::tm arrived = there_and_back(time);
  CHECK(arrived.tm_year == 124);
  CHECK(arrived.tm_mon == 1);
  CHECK(arrived.tm_mday == 29);
  CHECK(arrived.tm_isdst == -1);
  const std::time_t now = 1'700'000'000;
  const std::tm local = *std::localtime(&now);
  std::tm sent = there_and_back(std::vector<std::tm>{local}).at(0);
  CHECK(std::mktime(&sent) == now);
}
