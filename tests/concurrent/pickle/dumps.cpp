// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <any>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <future>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

TEST_CASE("loads: bytes that are left over are refused") {
  Bytes bytes = pickle::dumps(5);
  bytes.resize(bytes.size() + 3);
  CHECK(refusal<int>(bytes).find("3 bytes are left over") != std::string::npos);
}

TEST_CASE("Picklable: handles, references, pointers and views are not, however deep they are hidden") {
  STATIC_REQUIRE(!pickle::Picklable<int*>);
  STATIC_REQUIRE(!pickle::Picklable<const char*>);
  STATIC_REQUIRE(!pickle::Picklable<void*>);
  STATIC_REQUIRE(!pickle::Picklable<void>);
  STATIC_REQUIRE(!pickle::Picklable<int&>);
  STATIC_REQUIRE(!pickle::Picklable<std::reference_wrapper<int>>);
  STATIC_REQUIRE(!pickle::Picklable<std::mutex>);
  STATIC_REQUIRE(!pickle::Picklable<std::unique_lock<std::mutex>>);
  STATIC_REQUIRE(!pickle::Picklable<std::condition_variable>);
  STATIC_REQUIRE(!pickle::Picklable<std::thread>);
#ifdef __cpp_lib_jthread
  STATIC_REQUIRE(!pickle::Picklable<std::jthread>);
#endif
  STATIC_REQUIRE(!pickle::Picklable<std::future<int>>);
  STATIC_REQUIRE(!pickle::Picklable<std::atomic<int>>);
  STATIC_REQUIRE(!pickle::Picklable<std::ofstream>);
  STATIC_REQUIRE(!pickle::Picklable<std::stringstream>);
  STATIC_REQUIRE(!pickle::Picklable<std::function<void()>>);
  STATIC_REQUIRE(!pickle::Picklable<std::any>);
  STATIC_REQUIRE(!pickle::Picklable<std::initializer_list<int>>);
  STATIC_REQUIRE(!pickle::Picklable<std::optional<std::vector<std::map<int, int*>>>>);
  union Either {
    int number;
    float real;
  };
  STATIC_REQUIRE(!pickle::Picklable<Either>);
}

TEST_CASE("loads: a large vector goes and comes") {
  std::vector<double> numbers(1 << 20);
  std::mt19937 random;  // NOLINT: the same numbers each time
  for (double& number : numbers) number = static_cast<double>(random());
  CHECK(there_and_back(numbers) == numbers);
}

TEST_CASE("loads: changed bytes of a nested value never do more than to be refused") {
  using Value = std::map<std::string, std::vector<std::optional<std::pair<bool, std::string>>>>;
  const Value value{{"a", {std::pair(true, "x"), std::nullopt}}, {"b", {}}};
  const Bytes good = pickle::dumps(value);
  std::mt19937 random;  // NOLINT: the same changes each time
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bad = good;
    bad[random() % bad.size()] ^= static_cast<std::byte>(1u << random() % 8);
    try {
      static_cast<void>(pickle::loads<Value>(bad));
    } catch (const pickle::UnpicklingError&) {
      ++refused;
    }
  }
  CHECK(refused > 10'000);
}
