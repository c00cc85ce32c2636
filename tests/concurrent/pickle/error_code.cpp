// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>
#include <ios>
#include <stdexcept>
#include <string>
#include <system_error>

namespace {

class Category : public std::error_category {
 public:
  explicit Category(const char* name) : name_(name) {}
  const char* name() const noexcept override { return name_; }
  std::string message(int value) const override { return "my message " + std::to_string(value); }

 private:
  const char* name_;
};

class Speechless : public std::error_category {
 public:
  const char* name() const noexcept override { return "speechless"; }
  std::string message(int) const override { throw std::out_of_range("what number is that?"); }
};

const Speechless speechless;
const Category registered("registered");
const Category unknown("unknown");

}  // namespace

TEST_CASE("error_code: codes of the standard categories compare equal afterwards") {
  check_round_trip(std::error_code(2, std::generic_category()));
  check_round_trip(std::error_code(2, std::system_category()));
  check_round_trip(std::error_code(std::io_errc::stream));
  check_round_trip(std::error_code());
  check_round_trip(std::error_condition(std::errc::permission_denied));
}

TEST_CASE("error_code: a category of the program's own is known once it is registered") {
  pickle::register_error_category(registered);
  check_round_trip(std::error_code(5, registered));
  CHECK(there_and_back(std::error_code(5, registered)).message() == "my message 5");
}

TEST_CASE("error_code: of another category, value, name and message arrive") {
  const std::error_code code = there_and_back(std::error_code(5, unknown));
  CHECK(code.value() == 5);
  CHECK(code.message() == "my message 5");
  CHECK(there_and_back(std::error_code(6, unknown)).message() == "my message 6");
  CHECK(code.message() == "my message 5");
  CHECK(code.category().message(7) == "unknown error 7");
  CHECK(code.category().name() == std::string("unknown"));
  CHECK(code == there_and_back(std::error_code(5, unknown)));
}

TEST_CASE("error_code: a category whose message throws") {
  const std::error_code code = there_and_back(std::error_code(5, speechless));
  CHECK(code.value() == 5);
  CHECK(code.message() == "speechless error 5");
}

TEST_CASE("error_code: forged names of categories do not take memory without end") {
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string name = "forged " + std::to_string(1000 + i);
    Bytes bytes = pickle::dumps(name);
    for (const Bytes& part : {bytes_of(1), pickle::dumps(std::string("text"))})
      bytes.insert(bytes.end(), part.begin(), part.end());
    if (!refusal<std::error_code>(bytes).empty()) ++refused;
  }
  CHECK(refused > 500);
}
