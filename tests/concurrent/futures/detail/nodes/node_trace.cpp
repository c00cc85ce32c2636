// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures.hpp>
#include <concurrent/futures/detail/nodes/clock_offset.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/json.hpp"
#include "support/leak_check.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

namespace cf = concurrent::futures;
using nodes::Nodes;
using nodes::Pool;
using support::Json;
using support::wait_for;

namespace {

void count_end(support::Counter ends) { ends.add(); }

}  // namespace

TEST_CASE("ClockOffset: the quickest answer counts, until it is old") {
  cf::detail::ClockOffset offset;
  offset.learn(1'000, 501'050, 1'100);  // 100 there and back: theirs is 500'000 ahead
  CHECK(offset.here(501'050) == 1'050);
  offset.learn(2'000, 503'000, 3'000);  // a slower one says little
  CHECK(offset.here(501'050) == 1'050);
  offset.learn(4'000, 504'018, 4'020);  // a quicker one more
  CHECK(offset.here(504'018) == 4'010);
  constexpr std::int64_t minute = 60'000'000'000;
  offset.learn(minute, minute + 500'000, minute + 200);  // and a slower one, too, when so much time has gone by
  CHECK(offset.here(minute + 500'000) == minute + 100);
}

TEST_CASE("Nodes: one trace shows the workers of all nodes under their nodes' names") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a trace of nodes");
  char path[] = "/tmp/trace-of-nodes-XXXXXX";
  ::close(::mkstemp(path));
  {
    Pool pool(Nodes(2), {});
    pool.trace(path);
    CHECK_THROWS_AS(pool.trace(path), cf::RuntimeError);
    support::Gate entered = support::Gate::make();
    support::Gate gate = support::Gate::make();
    auto first = pool.submit({.label = "first"}, wait_for, entered, gate);
    entered.wait();
    support::Gate also_entered = support::Gate::make();
    auto second = pool.submit({.label = "second"}, wait_for, also_entered, gate);  // on the other node
    also_entered.wait();
    auto dropped = pool.submit({.label = "dropped"}, wait_for, entered, gate);
    CHECK(dropped.cancel());
    gate.open();
    CHECK(first.result() + second.result() == 2);
  }
  const std::vector<Json> events = Json::parse(support::read_text(path)).items;
  ::unlink(path);
  std::map<std::string, std::string> lanes, ran;
  std::set<std::string> submitted, ended;
  for (const Json& event : events) {
    const std::string& phase = event["ph"].text;
    if (phase == "M" && event["name"].text == "process_name") lanes[event["pid"].text] = event["args"]["name"].text;
    if (phase == "i") submitted.insert(event["name"].text);
    if (phase == "E") ended.insert(event["pid"].text);
    if (phase != "X") continue;
    ran[event["name"].text] = event["pid"].text;
    CHECK(event["args"]["outcome"].text == "result");
    CHECK(event["dur"].number > 0);
  }
  CHECK(submitted == std::set<std::string>{"first", "second", "dropped"});
  REQUIRE(ran.size() == 2);
  CHECK_FALSE(support::contains(lanes[ran["first"]], " on node"));  // the caller's own
  CHECK(support::contains(lanes[ran["second"]], " on node1 (rank 1)"));
  CHECK(ended.count(ran["first"]) + ended.count(ran["second"]) == 2);
  Pool pool(Nodes(2), {});
  CHECK_THROWS_AS(pool.trace("/nowhere/at/all"), std::system_error);
  pool.shutdown();
  CHECK_THROWS_AS(pool.trace(path), cf::RuntimeError);
}

TEST_CASE("Nodes: a finalizer runs in each worker that leaves in good order") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("finalizers on nodes");
  support::Counter ends = support::Counter::make();
  Pool pool(Nodes(2), {.finalizer = {count_end, ends}});
  support::Gate gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 2; ++i) {
    support::Gate entered = support::Gate::make();
    futures.push_back(pool.submit(wait_for, entered, gate));
    entered.wait();
  }
  gate.open();
  pool.shutdown();
  CHECK(ends.value() == 2);
}
