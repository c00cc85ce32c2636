// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/executor.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/futures/thread.hpp>
#include <string>

#include "support/catch.hpp"
#include "support/leak_check.hpp"

namespace cf = concurrent::futures;

namespace {

template <cf::Executor E>
int add_on(E& pool) {
  return pool.submit([](int a, int b) { return a + b; }, 1, 2).result();
}

}  // namespace

TEST_CASE("Executor: both pools satisfy it, other things do not") {
  STATIC_REQUIRE(cf::Executor<cf::ThreadPoolExecutor>);
  STATIC_REQUIRE(cf::Executor<cf::ProcessPoolExecutor>);
  STATIC_REQUIRE_FALSE(cf::Executor<std::string>);
  STATIC_REQUIRE_FALSE(cf::Executor<int>);
}

TEST_CASE_METHOD(support::LeakChecked, "Executor: one function takes either pool") {
  cf::ThreadPoolExecutor threads(1);
  CHECK(add_on(threads) == 3);
  cf::ProcessPoolExecutor processes(1);
  CHECK(add_on(processes) == 3);
}
