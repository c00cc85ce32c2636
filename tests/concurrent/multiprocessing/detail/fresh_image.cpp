// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/fresh_image.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace ipc = concurrent::multiprocessing::detail;

TEST_CASE("ImageOrders: what is written on the command line is read back as it was") {
  ipc::ImageOrders orders;
  orders.role = ipc::ImageRole::standby;
  orders.method = ipc::StartMethod::forkserver;
  orders.channel = 17;
  orders.segment = 4;
  orders.pipe = 5;
  orders.starter = 123456;
  orders.caller.pid = 99;
  orders.pool = ~std::uint64_t{0} >> 1U;
  orders.worker = 59'999;
  orders.name = 4'294'967'295;
  ipc::ImageOrders read;
  REQUIRE(read.parse(orders.numbers().c_str()));
  CHECK(read.role == orders.role);
  CHECK(read.method == orders.method);
  CHECK(read.channel == orders.channel);
  CHECK(read.segment == orders.segment);
  CHECK(read.pipe == orders.pipe);
  CHECK(read.starter == orders.starter);
  CHECK(read.caller.pid == orders.caller.pid);
  CHECK(read.pool == orders.pool);
  CHECK(read.worker == orders.worker);
  CHECK(read.name == orders.name);
}

TEST_CASE("ImageOrders: anything else on a command line is no order") {
  const std::string good = ipc::ImageOrders{}.numbers();
  const std::string rest = good.substr(good.find(',', 2));
  ipc::ImageOrders orders;
  REQUIRE(orders.parse(("1,2" + rest).c_str()));
  std::vector<std::string> bad{"", "1", "words", good + ",1", good + "x", good + " ", good.substr(0, good.rfind(','))};
  for (const char* const start : {"3,2", "-1,2", "1,3", "1,-1", "1;2", "1,", ",2"}) bad.push_back(start + rest);
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_FALSE(orders.parse(text.c_str()));
  }
}

namespace {

void entry(int, char**) {}

}  // namespace

TEST_CASE("image_entry_text: a function as an argument of the command line, and back") {
  const std::string text = ipc::image_entry_text(&entry);
  CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  const auto bytes = ipc::image_entry_bytes(text);
  REQUIRE(bytes);
  CHECK(ipc::find_image_entry(*bytes) == &entry);
  for (const std::string& bad : {std::string(), text.substr(1), text + "0g", "-" + text.substr(1), text + " "}) {
    CAPTURE(bad);
    CHECK_FALSE(ipc::image_entry_bytes(bad));
  }
  for (const std::string& bad : {text.substr(2), text + "00", std::string("00"), std::string("ff")}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(ipc::find_image_entry(*ipc::image_entry_bytes(bad)), concurrent::pickle::UnpicklingError);
  }
}
