// SPDX-License-Identifier: BSL-1.0
// All fault points × all actions. The points are not listed anywhere: a run that touches everything tells which there
// are. Row 15's short relatives: each case is deterministic and takes milliseconds.
#include "faults/in_child.hpp"
#include "faults/results.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace faults;

namespace {

/// A little of everything that a pool does: small and large both ways, exceptions, a crash, an initializer, leaving.
cf::ProcessPoolOptions busy_options(const Policy& policy) {
  auto options = policy.options();
  options.initializer = cf::Initializer(add_one, 1);
  options.max_tasks_per_child = 4;
  return options;
}

int throw_it(int) { throw std::out_of_range("a task"); }

/// What happened to the futures of one round of mixed work.
struct Tally {
  std::size_t right = 0;
  std::size_t wrong = 0;
  std::size_t died = 0;
  std::size_t hung = 0;
  std::size_t twice = 0;
  std::size_t refused = 0;
  std::string others;  // texts of exceptions that nobody ordered
};

/// Mixed work. Says how it ended, and never throws.
Tally mixed_work(cf::ProcessPoolExecutor& pool, std::size_t rounds) {
  Tally tally;
  std::vector<cf::Future<std::uint64_t>> small;
  std::vector<cf::Future<std::string>> large;
  std::vector<cf::Future<int>> throwing;
  std::vector<cf::Future<std::size_t>> taking;
  std::atomic<std::size_t> called = 0;
  std::size_t submitted = 0;
  try {
    for (std::size_t i = 0; i < rounds; ++i) {
      small.push_back(pool.submit(keyed, i));
      small.back().add_done_callback([&](cf::Future<std::uint64_t>) { ++called; });
      ++submitted;
      large.push_back(pool.submit(letters_of_size, 3000 + i));
      throwing.push_back(pool.submit(throw_it, 1));
      taking.push_back(pool.submit([](std::string text) { return text.size(); }, std::string(40'000 + i, 'a')));
    }
  } catch (const cf::BrokenProcessPool&) {
    ++tally.refused;
  } catch (const std::runtime_error&) {  // an order to throw hit submit itself
    ++tally.refused;
  }
  const auto judge = [&](const auto& future, auto&& right) {
    try {
      ++(right(future.result(20s * busy())) ? tally.right : tally.wrong);
    } catch (const cf::TimeoutError&) {
      ++tally.hung;
    } catch (const cf::BrokenProcessPool&) {
      ++tally.died;
    } catch (const std::exception& error) {
      // An exception whose pickling is what throws arrives as text, with the name of its type before it.
      const bool told = contains(error.what(), "a task") || contains(error.what(), "a fault of the test");
      if (!told) tally.others += std::string(" ") + error.what();
      ++(told ? tally.right : tally.wrong);
    }
  };
  for (std::size_t i = 0; i < small.size(); ++i) judge(small[i], [&](std::uint64_t v) { return v == key_of(i); });
  for (std::size_t i = 0; i < large.size(); ++i)
    judge(large[i], [&](const std::string& v) { return v == letters_of_size(3000 + i); });
  for (const auto& future : throwing) judge(future, [](int) { return false; });
  for (std::size_t i = 0; i < taking.size(); ++i) judge(taking[i], [&](std::size_t v) { return v == 40'000 + i; });
  if (tally.hung == 0 && !eventually([&] { return called >= submitted; }, 5s * busy())) ++tally.hung;
  if (called > submitted) ++tally.twice;
  return tally;
}

/// All points that there are.
std::set<std::string> all_points() {
  static const std::set<std::string> points = [] {
    Table& table = Table::get();
    table.listening = 1;
    const Policy policy{cf::WorkerDeathPolicy::fail_task, "fail_task"};
    {
      cf::ProcessPoolExecutor pool(busy_options(policy));
      mixed_work(pool, 10);
      try {
        pool.submit([] { return ::raise(SIGKILL); }).result(20s);
      } catch (const cf::WorkerDied&) {
      }
    }
    {
      auto options = policy.options();
      options.idle_timeout = 5ms;
      cf::ProcessPoolExecutor pool(options);
      for (int i = 0; i < 50; ++i) {
        pool.submit(keyed, std::uint64_t{1}).result(20s);
        if (i % 10 == 0) eventually([&] { return pool.processes().empty(); }, 5s);
      }
    }
    {  // results that nobody fetches: their worker waits for room
      auto options = policy.options(1);
      cf::ProcessPoolExecutor pool(options);
      const auto gate = Gate::make();
      auto blocker = pool.submit(add_one, 1);
      blocker.add_done_callback([gate](cf::Future<int>) { gate.opens_within(5s); });
      for (int i = 0; i < 200; ++i) pool.submit(add_one, i);
      gate.open();
    }
    try {
      cf::ProcessPoolExecutor pool({.max_workers = 1});
      pool.submit([] { return ::raise(SIGKILL); }).result(20s);
    } catch (const cf::BrokenProcessPool&) {
    }
    table.listening = 0;
    return table.heard();
  }();
  return points;
}

bool begins_with(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }
bool is_error_point(const std::string& point) {
  static const std::set<std::string> errors{"caller.memfd",      "caller.mmap", "caller.fallocate",
                                            "caller.socketpair", "caller.fork", "zygote.fork"};
  return errors.count(point) != 0;
}
/// Where the code around the point lets an exception through.
bool may_throw(const std::string& point) {
  return point == "worker.running" || point == "worker.result_grows" || point == "caller.submit";
}

/// One case in this process: an order to a worker or the zygote, or to the caller where that is no end of it.
void sweep_case(const Policy& policy, const std::string& point, Do action, std::uint32_t hit, std::size_t& sprung) {
  CAPTURE(point, name_of(action), hit);
  const At fault(point, action, hit, action == Do::error ? EAGAIN : 3000);
  support::CapturedLog log;
  try {
    cf::ProcessPoolExecutor pool(busy_options(policy));
    std::thread waker;
    std::atomic<bool> done = false;
    if (action == Do::stop) {
      waker = std::thread([&] {  // a worker that is stopped is not lost: it comes back
        while (!fault.sprung(20ms)) {
          if (done) return;
        }
        eventually([&] { return support::status_field(std::to_string(fault.victim()), "State")[0] == 'T'; }, 5s);
        const timespec pause{0, 5'000'000};
        ::nanosleep(&pause, nullptr);
        ::kill(fault.victim(), SIGCONT);
      });
    }
    const Tally tally = mixed_work(pool, 6);
    INFO("other exceptions:" << tally.others);
    CHECK(tally.hung == 0);
    CHECK(tally.wrong == 0);
    CHECK(tally.twice == 0);
    const bool harmless = action == Do::delay || action == Do::stop || action == Do::fail ||
                          (action == Do::error && begins_with(point, "zygote."));
    if (harmless) CHECK((tally.died == 0 || action == Do::error));
    if (!policy.breaks() && begins_with(point, "worker.")) {
      CHECK(tally.died <= 1);  // the one that it was about
      CHECK(pool.submit(keyed, std::uint64_t{3}).result(20s * busy()) == key_of(3));
    }
    const bool ended = pool.shutdown_for(20s * busy());
    CHECK(ended);
    if (!ended) pool.kill_workers();
    done = true;
    if (waker.joinable()) waker.join();
  } catch (const std::system_error& error) {
    CHECK(begins_with(point, "caller."));
    CHECK(contains(error.what(), "concurrent::"));
  }
  if (fault.sprung(0s)) ++sprung;
}

}  // namespace

namespace {

void sweep_workers(const Policy& policy, Do action) {
  std::size_t cases = 0;
  std::size_t sprung = 0;
  for (const std::string& point : all_points()) {
    if (begins_with(point, "caller.") || is_error_point(point)) continue;
    if (action == Do::fail && !may_throw(point)) continue;
    for (const std::uint32_t hit : {1U, 3U}) {
      if (slowness != 1 && action != Do::fail && hit != 1) continue;
      sweep_case(policy, point, action, hit, sprung);
      ++cases;
    }
  }
  std::printf("sweep of workers and zygote, %s (%s): %zu cases, %zu sprung\n", name_of(action), policy.name.c_str(),
              cases, sprung);
  CHECK(cases >= (action == Do::fail ? 4U : slowness != 1 ? 20U : 40U));
  CHECK(sprung > cases / 2);
}

}  // namespace

EACH_POLICY("fault: sweep: SIGKILL at each point of worker and zygote") { sweep_workers(policy, Do::kill); }
EACH_POLICY("fault: sweep: SIGSTOP at each point of worker and zygote") { sweep_workers(policy, Do::stop); }
EACH_POLICY("fault: sweep: abort at each point of worker and zygote") { sweep_workers(policy, Do::abort); }
EACH_POLICY("fault: sweep: _exit(0) at each point of worker and zygote") { sweep_workers(policy, Do::leave); }
EACH_POLICY("fault: sweep: an exception wherever one may come from") { sweep_workers(policy, Do::fail); }
EACH_POLICY("fault: sweep: a delay at each point of worker and zygote") { sweep_workers(policy, Do::delay); }

EACH_POLICY("fault: sweep: errors and delays of the caller") {
  const auto points = all_points();
  std::size_t cases = 0;
  std::size_t sprung = 0;
  for (const std::string& point : points) {
    if (!begins_with(point, "caller.") && !is_error_point(point)) continue;
    for (const Do action : {Do::error, Do::delay, Do::fail}) {
      if ((action == Do::error) != is_error_point(point)) continue;
      if (action == Do::fail && !may_throw(point)) continue;
      for (const std::uint32_t hit : {1U, 2U, 5U}) {
        sweep_case(policy, point, action, hit, sprung);
        ++cases;
      }
    }
  }
  std::printf("sweep of the caller (%s): %zu cases, %zu sprung\n", policy.name.c_str(), cases, sprung);
  CHECK(cases > 30);
}

EACH_POLICY("fault 52: the caller ends at each of its points, by each action: no process of its pool is left") {
  const auto points = all_points();
  std::size_t cases = 0;
  std::size_t sprung = 0;
  for (const std::string& point : points) {
    if (!begins_with(point, "caller.") || is_error_point(point)) continue;
    for (const Do action : {Do::kill, Do::abort, Do::leave, Do::stop}) {
      CAPTURE(point, name_of(action));
      const auto seen = Counter{support::Word::make_array(2)};
      const At fault(point, action, 2);
      const pid_t child = support::fork_child([&] {
        ::signal(SIGABRT, SIG_DFL);
        ::alarm(30);
        cf::set_log_handler([](cf::LogLevel, std::string_view) {});
        cf::ProcessPoolExecutor pool(busy_options(policy));
        const Family first = pool.submit(family).result(20s);
        seen.word.at(0).set(static_cast<std::uint32_t>(first.worker));
        seen.word.at(1).set(static_cast<std::uint32_t>(first.zygote));
        mixed_work(pool, 4);
        try {
          pool.submit([] { return ::raise(SIGKILL); }).result(20s);
        } catch (const cf::BrokenProcessPool&) {
        }
        return 0;
      });
      if (action == Do::stop) {
        if (fault.sprung(2s)) ::kill(child, SIGKILL);
      }
      support::wait_status(child, 40);
      if (fault.sprung(0s)) ++sprung;
      ++cases;
      for (const std::uint32_t i : {0U, 1U}) {
        const auto pid = static_cast<pid_t>(seen.word.at(i).get().load());
        if (pid != 0) CHECK(eventually([&] { return !support::alive(pid); }, 1s * busy()));
      }
    }
  }
  std::printf("sweep of the caller's ends (%s): %zu cases, %zu sprung\n", policy.name.c_str(), cases, sprung);
  CHECK(sprung > cases / 3);
}
