// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/trace/trace.hpp>

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <concurrent/futures.hpp>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/json.hpp"
#include "support/logs.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

using support::wait_for;

namespace {

using cf::detail::json_string;
using support::contains;
using support::Counter;
using support::Gate;
using support::Json;
using support::LeakChecked;

/// A name for a file that is gone when the test is.
class TraceFile {
 public:
  TraceFile() {
    char name[] = "/tmp/trace-of-a-test-XXXXXX";
    const int file = ::mkstemp(name);
    ::close(file);
    path_ = name;
  }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  ~TraceFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::vector<Json> events() const { return Json::parse(support::read_text(path_)).items; }

 private:
  std::string path_;
};

std::vector<Json> of_kind(const std::vector<Json>& events, const std::string& phase, const std::string& category = "") {
  std::vector<Json> found;
  std::copy_if(events.begin(), events.end(), std::back_inserter(found), [&](const Json& event) {
    return event["ph"].text == phase && (category.empty() || event["cat"].text == category);
  });
  return found;
}
double start_of(const Json& event) { return event["ts"].number; }
double end_of(const Json& event) { return event["ts"].number + event["dur"].number; }
const std::string& outcome_of(const Json& event) { return event["args"]["outcome"].text; }

/// What every trace must be: each task was submitted and queued once, before it ran; the slices of a worker follow each
/// other, between its start and its end.
void check_consistent(const std::vector<Json>& events) {
  constexpr double rounding = 0.0015;
  std::set<std::string> submitted;
  for (const Json& event : of_kind(events, "i", "submit")) CHECK(submitted.insert(event["args"]["task"].text).second);
  std::map<std::string, double> begun, left;
  for (const Json& event : of_kind(events, "b", "queue"))
    CHECK(begun.emplace(event["id"].text, start_of(event)).second);
  for (const Json& event : of_kind(events, "e", "queue")) CHECK(left.emplace(event["id"].text, start_of(event)).second);
  CHECK(begun.size() == submitted.size());
  CHECK(left.size() == submitted.size());
  for (const auto& [id, time] : begun) {
    CHECK(submitted.count(id) == 1);
    CHECK(left.at(id) >= time);
  }
  std::map<std::string, std::vector<Json>> by_worker;
  for (const Json& slice : of_kind(events, "X", "task")) {
    CHECK(start_of(slice) + rounding >= left.at(slice["args"]["task"].text));
    by_worker[slice["tid"].text].push_back(slice);
  }
  std::map<std::string, Json> starts, ends;
  for (const Json& event : of_kind(events, "B", "worker")) CHECK(starts.emplace(event["tid"].text, event).second);
  for (const Json& event : of_kind(events, "E", "worker")) CHECK(ends.emplace(event["tid"].text, event).second);
  CHECK(starts.size() == ends.size());
  for (auto& [worker, slices] : by_worker) {
    std::sort(slices.begin(), slices.end(), [](const Json& a, const Json& b) { return start_of(a) < start_of(b); });
    REQUIRE(starts.count(worker) == 1);
    REQUIRE(ends.count(worker) == 1);
    CHECK(start_of(starts[worker]) <= start_of(slices.front()) + rounding);
    CHECK(end_of(slices.back()) <= start_of(ends[worker]) + rounding);
    for (std::size_t i = 1; i < slices.size(); ++i) CHECK(end_of(slices[i - 1]) <= start_of(slices[i]) + rounding);
    CHECK(starts[worker]["name"].text == ends[worker]["name"].text);
  }
  std::set<std::string> named;
  for (const Json& event : of_kind(events, "M")) {
    if (event["name"].text == "thread_name") named.insert(event["tid"].text);
  }
  for (const Json& event : events) {
    if (event["ph"].text != "M") CHECK(named.count(event["tid"].text) == 1);
  }
}

int pid_of_task(int) { return static_cast<int>(::getpid()); }
int refuse() { throw std::runtime_error("no"); }
int die() {
  ::raise(SIGKILL);
  return 0;
}
int die_once(Counter runs) {
  if (runs.add() == 1) ::raise(SIGKILL);
  return 5;
}

}  // namespace

TEST_CASE("trace: strings are JSON, whatever is in them") {
  CHECK(json_string("f(int)") == "\"f(int)\"");
  CHECK(json_string("a\"b\\c\nd") == "\"a\\\"b\\\\c\\u000ad\"");
  CHECK(json_string("größer") == "\"größer\"");
  CHECK(json_string("\xff\x80") == "\"\\u00ff\\u0080\"");
  CHECK(json_string("half of it: \xc3") == "\"half of it: \\u00c3\"");
}

TEST_CASE("trace: times that cannot be, from a rogue worker, become times that can") {
  const TraceFile file;
  {
    cf::detail::Trace trace(file.path(), "caller");
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    const std::vector<std::pair<std::int64_t, std::int64_t>> times{{most, least}, {least, most}, {0, 0}, {most, most}};
    trace.worker_started({1, 1}, "worker", cf::detail::Trace::now());
    for (const auto& [start, end] : times) {
      trace.submitted(&start, "task");
      trace.ran(&start, {1, 1}, start, end, "result", false);
    }
    trace.ran(&file, {1, 1}, 0, 0, "result", false);  // one that is not known
    trace.ended(&file);
  }
  const auto slices = of_kind(file.events(), "X", "task");
  REQUIRE(slices.size() == 4);
  for (const Json& slice : slices) {
    CHECK(start_of(slice) > 0);
    CHECK(slice["dur"].number >= 0);
    CHECK(end_of(slice) <= static_cast<double>(cf::detail::Trace::now()) / 1000 + 1);
  }
}

TEST_CASE("trace: a thousand tasks on their way are each found again") {
  const TraceFile file;
  std::vector<int> tasks(1000);
  {
    cf::detail::Trace trace(file.path(), "caller");
    for (const int& task : tasks) trace.submitted(&task, "task");
    for (std::size_t i = 0; i < tasks.size(); i += 2) trace.ran(&tasks[i], {1, 1}, 0, 0, "result", false);
    for (std::size_t i = 0; i < tasks.size(); i += 2) trace.ran(&tasks[i], {1, 1}, 0, 0, "result", false);  // gone
    for (std::size_t i = 1; i < tasks.size(); i += 2) trace.ended(&tasks[i]);
  }
  const auto events = file.events();
  CHECK(of_kind(events, "X", "task").size() == 500);
  CHECK(of_kind(events, "e", "queue").size() == 1000);
}

EACH_PROCESS_POOL("trace: each task is there, submitted, queued and run in its worker") {
  const TraceFile file;
  std::set<std::string> pids;
  {
    auto pool = kind.pool(2);
    pool.trace(file.path());
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 200; ++i) futures.push_back(pool.submit(pid_of_task, i));
    for (auto& future : futures) pids.insert(std::to_string(future.result()));
    CHECK_THROWS_AS(pool.submit(refuse).result(), std::runtime_error);
    CHECK(pool.submit(cf::TaskOptions{.label = "a \"label\""}, pid_of_task, 1).result() != 0);
  }
  const auto events = file.events();
  check_consistent(events);
  const auto slices = of_kind(events, "X", "task");
  REQUIRE(slices.size() == 202);
  std::set<std::string> seen;
  std::size_t exceptions = 0;
  std::size_t labels = 0;
  for (const Json& slice : slices) {
    seen.insert(slice["pid"].text);
    exceptions += outcome_of(slice) == "exception" ? 1U : 0U;
    labels += slice["name"].text == "a \"label\"" ? 1U : 0U;
    if (outcome_of(slice) == "result" && slice["name"].text[0] != 'a')
      CHECK(contains(slice["name"].text, "pid_of_task(int)"));
  }
  CHECK(std::includes(seen.begin(), seen.end(), pids.begin(), pids.end()));
  CHECK(exceptions == 1);
  CHECK(labels == 1);
  std::size_t names = 0;
  for (const Json& event : of_kind(events, "M")) {
    if (event["name"].text != "process_name") continue;
    ++names;
    const std::string& name = event["args"]["name"].text;
    const bool caller = event["pid"].text == std::to_string(::getpid());
    CHECK(caller == (name == "MainProcess"));
    CHECK(caller != contains(name, "Process-"));
  }
  CHECK(names == 1 + of_kind(events, "B", "worker").size());
}

TEST_CASE_METHOD(LeakChecked, "trace: a task that kills its worker, and is run again, is there twice") {
  const TraceFile file;
  const support::CapturedLog log;
  {
    cf::ProcessPoolExecutor pool({.max_workers = 1, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
    pool.trace(file.path());
    CHECK(pool.submit(pid_of_task, 0).result() != 0);
    CHECK(pool.submit(cf::TaskOptions{.retries = 1}, die_once, Counter::make()).result() == 5);
    CHECK_THROWS_AS(pool.submit(die).result(), cf::WorkerDied);
    CHECK(pool.submit(pid_of_task, 0).result() != 0);
    pool.shutdown();
    const auto events = file.events();  // complete already
    check_consistent(events);
    const auto slices = of_kind(events, "X", "task");
    REQUIRE(slices.size() == 5);
    CHECK(outcome_of(slices[0]) == "result");
    CHECK(outcome_of(slices[1]) == "worker died");
    CHECK(outcome_of(slices[2]) == "result");
    CHECK(slices[1]["args"]["task"].text == slices[2]["args"]["task"].text);
    CHECK(slices[1]["pid"].text != slices[2]["pid"].text);
    CHECK(outcome_of(slices[3]) == "worker died");
    CHECK(contains(slices[3]["name"].text, "die()"));
    CHECK(outcome_of(slices[4]) == "result");
    const auto ends = of_kind(events, "E", "worker");
    REQUIRE(ends.size() == 3);
    CHECK(contains(ends[0]["args"]["end"].text, "killed by SIGKILL while it ran"));
    CHECK(contains(ends[1]["args"]["end"].text, "killed by SIGKILL while it ran"));
    CHECK_FALSE(contains(ends[2]["args"]["end"].text, "SIGKILL"));
  }
}

TEST_CASE_METHOD(LeakChecked, "trace: a pool that breaks completes its trace, with what never ran") {
  const TraceFile file;
  const support::CapturedLog log;
  {
    cf::ProcessPoolExecutor pool(1);
    pool.trace(file.path());
    const auto deadly = pool.submit(die);
    for (int i = 0; i < 10; ++i) {
      try {
        pool.submit(pid_of_task, i);
      } catch (const cf::BrokenProcessPool&) {
      }
    }
    CHECK_THROWS_AS(deadly.result(), cf::BrokenProcessPool);
  }
  const auto events = file.events();
  check_consistent(events);
  const auto slices = of_kind(events, "X", "task");
  REQUIRE(slices.size() == 1);
  CHECK(outcome_of(slices[0]) == "worker died");
}

TEST_CASE_METHOD(LeakChecked, "trace: cancelled and stopped tasks say so") {
  const TraceFile file;
  const Gate gate = Gate::make();
  {
    cf::ProcessPoolExecutor pool(1);
    const Gate before = Gate::make();
    const auto untraced = pool.submit(wait_for, before, gate);
    before.wait();
    pool.trace(file.path());  // the task that runs already is not in it, its worker is
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 5; ++i) futures.push_back(pool.submit(pid_of_task, i));
    CHECK(futures[0].cancel());
    CHECK(futures[4].cancel());
    gate.open();
    CHECK(futures[3].result() != 0);
    const Gate never = Gate::make();
    const Gate started = Gate::make();
    const auto stopped = pool.submit(wait_for, started, never);
    started.wait();
    CHECK(stopped.terminate());
    const auto late = pool.submit(cf::TaskOptions{.timeout = std::chrono::milliseconds(20)}, wait_for, started, never);
    CHECK_THROWS_AS(late.result(), cf::TaskTimeoutError);
  }
  const auto events = file.events();
  check_consistent(events);
  CHECK(of_kind(events, "i", "submit").size() == 7);
  std::vector<std::string> outcomes;
  for (const Json& slice : of_kind(events, "X", "task")) outcomes.push_back(outcome_of(slice));
  CHECK(outcomes == std::vector<std::string>{"result", "result", "result", "terminated", "timeout"});
  std::size_t not_run = 0;
  for (const Json& event : of_kind(events, "e", "queue")) not_run += event.has("args") ? 1U : 0U;
  CHECK(not_run == 2);
}

TEST_CASE_METHOD(LeakChecked, "trace: the file grows while the pool works, the memory for it does not") {
  const TraceFile file;
  cf::ProcessPoolExecutor pool(1);
  pool.trace(file.path());
  CHECK(pool.submit(pid_of_task, 0).result() != 0);
  CHECK(support::eventually([&] { return contains(support::read_text(file.path()), "pid_of_task"); }));
  CHECK(pool.map(pid_of_task, std::vector<int>(20'000, 0)).to_vector().size() == 20'000);
  CHECK(support::read_text(file.path()).size() > std::size_t{20'000} * 300);
  pool.shutdown();
  const auto events = file.events();
  check_consistent(events);
  CHECK(of_kind(events, "X", "task").size() == 20'001);
}

TEST_CASE_METHOD(LeakChecked, "trace: a path that cannot be written is refused at once, by name") {
  cf::ProcessPoolExecutor pool(1);
  try {
    pool.trace("/no/such/folder/run.json");
    FAIL("nothing was thrown");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::no_such_file_or_directory);
    CHECK(contains(error.what(), "concurrent::futures: the trace cannot be written to '/no/such/folder/run.json'"));
  }
  CHECK_THROWS_AS(pool.trace("/dev/full"), std::system_error);
  CHECK(pool.submit(pid_of_task, 0).result() != 0);
}

TEST_CASE_METHOD(LeakChecked, "trace: a second trace, and one after shutdown, are refused and leave files alone") {
  const TraceFile first;
  cf::ProcessPoolExecutor pool(1);
  pool.trace(first.path());
  CHECK(contains(support::message_of<cf::RuntimeError>([&] { pool.trace(first.path()); }), "traced already"));
  pool.shutdown();
  CHECK(of_kind(first.events(), "M").size() == 1);
  cf::ProcessPoolExecutor other(1);
  other.shutdown();
  CHECK(contains(support::message_of<cf::RuntimeError>([&] { other.trace(first.path()); }), "takes no more calls"));
  CHECK(of_kind(first.events(), "M").size() == 1);
}

TEST_CASE_METHOD(LeakChecked, "trace: threads are traced the same way") {
  const TraceFile file;
  {
    cf::ThreadPoolExecutor pool({.max_workers = 2, .thread_name_prefix = "worker"});
    CHECK(pool.submit(pid_of_task, 0).result() != 0);
    pool.trace(file.path());
    CHECK_THROWS_AS(pool.trace(file.path()), cf::RuntimeError);
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(pid_of_task, i));
    CHECK_THROWS_AS(pool.submit([] { throw std::runtime_error("no"); }).result(), std::runtime_error);
    const Gate gate = Gate::make();
    const Gate first = Gate::make();
    const Gate second = Gate::make();
    const auto blocking = pool.submit(wait_for, first, gate);
    const auto other = pool.submit(wait_for, second, gate);
    first.wait();
    second.wait();
    CHECK(pool.submit(pid_of_task, 0).cancel());
    pool.submit(pid_of_task, 0);
    pool.shutdown(false, true);
    gate.open();
  }
  const auto events = file.events();
  check_consistent(events);
  CHECK(of_kind(events, "i", "submit").size() == 55);
  const auto slices = of_kind(events, "X", "task");
  CHECK(slices.size() == 53);
  CHECK(contains(slices[0]["name"].text, "pid_of_task"));
  for (const Json& slice : slices) {
    CHECK(slice["pid"].text == std::to_string(::getpid()));
    CHECK(slice["tid"].text != std::to_string(::getpid()));
  }
  for (const Json& event : of_kind(events, "B", "worker")) CHECK(contains(event["name"].text, "worker_"));
  cf::ThreadPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.trace("/no/such/folder/run.json"), std::system_error);
}

TEST_CASE_METHOD(LeakChecked, "trace: where the file may grow no further, that is logged once, and the tasks run on") {
  const TraceFile file;
  const pid_t child = support::fork_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const support::CapturedLog log;
    bool good = true;
    {
      cf::ProcessPoolExecutor pool(1);
      pool.trace(file.path());
      const rlimit limit{1 << 16, 1 << 16};
      ::setrlimit(RLIMIT_FSIZE, &limit);  // not before the pool has its memory, which counts as a file
      for (int i = 0; i < 1000; ++i) good = pool.submit(pid_of_task, i).result() != 0 && good;
    }
    const std::string text = log.text();
    const std::string expected = "the trace '" + file.path() + "' cannot be written any further: File too large.";
    return good && contains(text, expected) && text.find("trace") == text.rfind("trace '") ? 0 : 1;
  });
  CHECK(support::wait_status(child) == 0);
}
