// SPDX-License-Identifier: BSL-1.0
// Initializers under every start method. What is the same for threads is in conformance/initializer.cpp.
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "start_methods/programs.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"

using namespace std::chrono_literals;
using support::contains;

namespace {

std::string prepared = "nothing";

void prepare(std::string text, const std::vector<int>& numbers, support::Counter times) {
  prepared = std::move(text) + std::to_string(numbers.size());
  times.add();
}

std::vector<double> prepare_large(int count) {
  prepared = std::to_string(count) + " numbers";
  return std::vector<double>(static_cast<std::size_t>(count), 0.5);
}

struct Prepare {
  std::string text;
  void operator()() const { prepared = text; }
};

void refuse(support::Gate gate, std::string text) {
  gate.wait();
  throw std::out_of_range(text);
}

}  // namespace

EACH_PROCESS_POOL("initializer: function, lambda and function object, with their arguments") {
  const auto times = support::Counter::make();
  const std::vector<cf::Initializer> initializers{
      cf::Initializer{prepare, std::string("numbers "), std::vector<int>{1, 2, 3}, times},
      cf::Initializer{[] { prepared = "by lambda"; }}, cf::Initializer{Prepare{"by object"}}};
  std::vector<std::string> seen;
  for (const cf::Initializer& initializer : initializers) {
    auto pool = kind.pool(1, initializer);
    seen.push_back(pool.submit([] { return prepared; }).result());
  }
  CHECK(seen == std::vector<std::string>{"numbers 3", "by lambda", "by object"});
  CHECK(times.value() == 1);
  CHECK(prepared == "nothing");  // here
}

EACH_PROCESS_POOL("initializer: what it returns is dropped, however much it is") {
  const std::vector<cf::Initializer> initializers{cf::Initializer{prepare_large, 10},
                                                  cf::Initializer{prepare_large, 1'000'000},
                                                  cf::Initializer{[](std::array<char, 65536> given) {
                                                                    prepared = "a large array";
                                                                    return given;
                                                                  },
                                                                  std::array<char, 65536>{}}};
  std::vector<std::string> seen;
  for (const cf::Initializer& initializer : initializers) {
    auto pool = kind.pool(1, initializer);
    seen.push_back(pool.submit([] { return prepared; }).result());
  }
  CHECK(seen == std::vector<std::string>{"10 numbers", "1000000 numbers", "a large array"});
}

EACH_PROCESS_POOL("initializer: each replacement of a worker runs it too, once, before its first task") {
  const auto times = support::Counter::make();
  cf::ProcessPoolOptions options;
  options.max_workers = 1;
  options.max_tasks_per_child = 2;
  options.initializer = cf::Initializer{prepare, std::string(), std::vector<int>{}, times};
  {
    auto pool = kind.pool(options);
    for (int i = 0; i < 10; ++i) CHECK(pool.submit([] { return prepared; }).result() == "0");
  }
  CHECK(times.value() == 5);  // a standby has not run it
}

EACH_PROCESS_POOL("initializer: what it throws is in the BrokenProcessPool of every pending future and in the log") {
  support::CapturedLog log;
  const auto gate = support::Gate::make();
  auto pool = kind.pool(2, cf::Initializer{refuse, gate, std::string("no such device")});
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 8; ++i) futures.push_back(pool.submit([](int value) { return value; }, i));
  gate.open();
  for (auto& future : futures) {
    const std::string text = support::message_of<cf::BrokenProcessPool>([&] { future.result(30s); });
    CHECK(contains(text, "initializer"));
    CHECK(contains(text, "no such device"));
    CHECK(contains(text, "out_of_range"));
  }
  CHECK(log.comes_to_say("no such device"));
  const std::string text = support::message_of<cf::BrokenProcessPool>([&] { pool.submit([] { return 1; }); });
  CHECK(contains(text, "no such device"));
}

TEST_CASE_METHOD(support::LeakChecked, "initializer: under fork any callable will do, since it is inherited") {
  auto number = std::make_unique<int>(7);
  int local = 0;
  cf::ProcessPoolOptions options;
  options.max_workers = 1;
  options.mp_context = mp::get_context("fork");
  options.initializer = cf::Initializer{[&local, owned = std::move(number)] {
    local = *owned;
    prepared = "inherited " + std::to_string(local);
  }};
  cf::ProcessPoolExecutor pool(options);
  CHECK(pool.submit([] { return prepared; }).result() == "inherited 7");
  CHECK(local == 0);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "initializer: under forkserver and spawn one that cannot travel is a PicklingError") {
  const std::string method = GENERATE(as<std::string>{}, "forkserver", "spawn");
  const auto number = std::make_shared<int>(7);
  cf::ProcessPoolOptions options;
  options.mp_context = mp::get_context(method);
  options.initializer = cf::Initializer{[number] { prepared = std::to_string(*number); }};
  const std::string text =
      support::message_of<pickle::PicklingError>([&] { const cf::ProcessPoolExecutor pool(options); });
  CHECK(contains(text, "initializer"));
  CHECK(contains(text, "\"fork\""));
}
