// SPDX-License-Identifier: BSL-1.0
// Rows F1 to F8: callbacks.
#include <stdexcept>
#include <string>

#include "conformance/six_futures.hpp"
#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"

using namespace conformance;

TEST_CASE("F1 add_done_callback: it gets the finished future and can read its result") {
  cf::Future<int> future;
  int seen = 0;
  cf::Future<int> given;
  future.add_done_callback([&](cf::Future<int> f) {
    seen = f.result();
    given = f;
  });
  CHECK(seen == 0);
  future.set_result(5);
  CHECK(seen == 5);
  CHECK(given == future);
}

TEST_CASE("F2 add_done_callback: it gets the failed future and can read its exception") {
  cf::Future<int> future;
  std::exception_ptr seen;
  future.add_done_callback([&](cf::Future<int> f) { seen = f.exception(); });
  const auto error = std::make_exception_ptr(std::runtime_error("test"));
  future.set_exception(error);
  CHECK(seen == error);
}

TEST_CASE("F3 add_done_callback: cancel has run it, and it sees a cancelled future") {
  cf::Future<int> future;
  bool was_cancelled = false;
  future.add_done_callback([&](cf::Future<int> f) { was_cancelled = f.cancelled(); });
  CHECK(future.cancel());
  CHECK(was_cancelled);
}

TEST_CASE("F4 add_done_callback: one that throws is logged and the next one runs") {
  support::CapturedLog log;
  cf::Future<int> future;
  bool first = false;
  bool second = false;
  future.add_done_callback([&](cf::Future<int>) {
    first = true;
    throw std::runtime_error("doh!");
  });
  future.add_done_callback([&](cf::Future<int>) { second = true; });
  future.set_result(5);
  CHECK(first);
  CHECK(second);
  CHECK(support::contains(log.text(), "doh!"));
}

TEST_CASE("F5 add_done_callback: after success it runs at once") {
  cf::Future<int> future;
  future.set_result(5);
  int seen = 0;
  future.add_done_callback([&](cf::Future<int> f) { seen = f.result(); });
  CHECK(seen == 5);
}

TEST_CASE("F6 add_done_callback: after failure it runs at once") {
  cf::Future<int> future;
  future.set_exception(std::make_exception_ptr(std::runtime_error("test")));
  std::string seen;
  future.add_done_callback([&](cf::Future<int> f) { seen = support::text_of(f.exception()); });
  CHECK(seen == "test");
}

TEST_CASE("F7 add_done_callback: after cancel it runs at once though nobody was notified") {
  cf::Future<int> future;
  CHECK(future.cancel());
  bool was_cancelled = false;
  future.add_done_callback([&](cf::Future<int> f) { was_cancelled = f.cancelled(); });
  CHECK(was_cancelled);
}

TEST_CASE("F8 add_done_callback: what an immediate one throws is logged and not thrown") {
  support::CapturedLog log;
  cf::Future<int> future;
  future.set_result(5);
  bool called = false;
  CHECK_NOTHROW(future.add_done_callback([&](cf::Future<int>) {
    called = true;
    throw std::runtime_error("doh!");
  }));
  CHECK(called);
  CHECK(support::contains(log.text(), "doh!"));
}
