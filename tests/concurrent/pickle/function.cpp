// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

int twice(int x) { return 2 * x; }
int half(int x) noexcept { return x / 2; }

struct Account {
  int balance = 3;
  int limit = 4;
  int get(int factor) const { return balance * factor; }
  virtual int virtually() { return balance; }
  virtual ~Account() = default;
};

struct Before {
  virtual ~Before() = default;
  long first = 1;
};
/// Its account does not stand at its beginning.
struct Customer : Before, Account {
  int virtually() override { return 10 * balance; }
};

int not_code = 0;

// As function.hpp writes the name of a function of this program.
Bytes name_of_function(std::uint64_t build, std::uint64_t offset) { return bytes_of(std::uint8_t{1}, build, offset); }

}  // namespace

TEST_CASE("function: a function of the program travels by its place in the program") {
  CHECK(there_and_back(&twice)(4) == 8);
  CHECK(there_and_back(&half)(4) == 2);
  CHECK(refuses_other_lengths(&twice));
  using Function = int (*)(int);
  CHECK(there_and_back(Function(nullptr)) == nullptr);
}

TEST_CASE("function: a function of a shared library travels by the library and its place in there") {
  const auto loaded = there_and_back(&::atoi);
  CHECK(loaded("12") == 12);
  CHECK(refuses_other_lengths(&::atoi));
}

TEST_CASE("function: another build's function is refused") {
  const auto& program = pickle::detail::main_module();
  const std::uint64_t offset = reinterpret_cast<std::uintptr_t>(&twice) - program.base;
  REQUIRE(pickle::loads<int (*)(int)>(name_of_function(program.id, offset)) == &twice);
  CHECK(refusal<int (*)(int)>(name_of_function(program.id + 1, offset)).find("another build") != std::string::npos);
}

TEST_CASE("function: a place that holds no code is refused, by name") {
  const auto& program = pickle::detail::main_module();
  const std::uint64_t data = reinterpret_cast<std::uintptr_t>(&not_code) - program.base;
  for (const std::uint64_t offset : {data, std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 40}) {
    if (offset == 0 && program.has_code(program.base)) continue;  // the linker has all that is read-only together
    const std::string text = refusal<int (*)(int)>(name_of_function(program.id, offset));
    CHECK(text.find("no function at offset " + pickle::detail::as_hex(offset)) != std::string::npos);
  }
  CHECK_THROWS_AS(pickle::loads<int (*)(int)>(bytes_of(std::uint8_t{9})), pickle::UnpicklingError);
}

TEST_CASE("function: an unknown library is refused by name and not opened for a value") {
  Bytes bytes = bytes_of(std::uint8_t{2}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{12});
  for (const char c : std::string("/tmp/evil.so")) bytes.push_back(static_cast<std::byte>(c));
  CHECK(refusal<int (*)(int)>(bytes).find("/tmp/evil.so") != std::string::npos);
}

TEST_CASE("function: pointers to members travel") {
  Account account;
  CHECK(account.*there_and_back(&Account::limit) == 4);
  CHECK((account.*there_and_back(&Account::get))(2) == 6);
  CHECK((account.*there_and_back(&Account::virtually))() == 3);
  Customer customer;
  int (Customer::* const get)(int) const = &Customer::get;
  int (Customer::* const virtually)() = &Account::virtually;
  CHECK((customer.*there_and_back(get))(2) == 6);
  CHECK((customer.*there_and_back(virtually))() == 30);
  CHECK((customer.*there_and_back(&Customer::virtually))() == 30);
  CHECK(there_and_back(static_cast<int Account::*>(nullptr)) == nullptr);
  CHECK(refuses_other_lengths(&Account::limit));
  CHECK(refuses_other_lengths(&Account::get));
}

TEST_CASE("function: pointers to members that point beyond their class are refused") {
  CHECK_THROWS_AS(pickle::loads<int Account::*>(bytes_of(std::ptrdiff_t{1000})), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<int Account::*>(bytes_of(std::ptrdiff_t{-8})), pickle::UnpicklingError);
  const std::ptrdiff_t end = sizeof(Account);
  for (const std::ptrdiff_t between : {end - 1, end - 3, std::ptrdiff_t{1}, std::ptrdiff_t{2}}) {
    CHECK_THROWS_AS(pickle::loads<int Account::*>(bytes_of(between)), pickle::UnpicklingError);
  }
  using Function = int (Account::*)();
  CHECK_THROWS_AS(pickle::loads<Function>(bytes_of(std::uint8_t{1}, std::ptrdiff_t{1000}, std::uintptr_t{1})),
                  pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<Function>(bytes_of(std::uint8_t{1}, std::ptrdiff_t{0}, ~std::uintptr_t{0})),
                  pickle::UnpicklingError);
}
