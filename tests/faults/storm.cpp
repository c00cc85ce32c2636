// SPDX-License-Identifier: BSL-1.0
// Row 15: SIGKILL at random instants over a mixed load. No future unresolved, none resolved twice or with another's
// value, failed futures ≤ kills, and the pool works afterwards.
#include "faults/in_child.hpp"

#include <signal.h>

#include <cstdio>
#include <deque>
#include <random>
#include <thread>
#include <variant>

using namespace faults;

namespace {

std::string large(std::uint64_t id) {
  std::string text(400'000, static_cast<char>('a' + id % 26));
  text.replace(0, 16, std::to_string(key_of(id) % 10'000'000'000'000'000ULL + 1'000'000'000'000'000ULL).substr(0, 16));
  return text;
}
std::uint64_t take(std::uint64_t id, std::string text) {
  return key_of(id) + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), 'z')) - text.size();
}

using Any = std::variant<cf::Future<std::uint64_t>, cf::Future<std::string>>;

struct Storm {
  std::size_t tasks = 0;
  std::size_t failed = 0;
  std::size_t refused = 0;
  std::size_t kills = 0;
  std::size_t pools = 0;
  std::size_t wrong = 0;
  std::size_t hung = 0;
  std::atomic<std::size_t> called{0};
  std::atomic<std::size_t> twice{0};
};

/// One pool under fire until `enough(storm)`. Under break_pool the first hit ends it.
template <class Enough>
void one_pool(const Policy& policy, Storm& storm, std::minstd_rand& random, Enough enough) {
  cf::ProcessPoolExecutor pool(policy.options(3));
  pool.warm_up(3);
  ++storm.pools;
  std::atomic<bool> stop = false;
  std::atomic<std::size_t> kills = 0;
  const std::uint64_t seed = random();
  std::thread killer([&] {
    std::minstd_rand dice(static_cast<unsigned>(seed));
    while (!stop) {
      const timespec pause{0, static_cast<long>(dice() % 3'000'000)};  // the instant itself is what is tried
      ::nanosleep(&pause, nullptr);
      const auto workers = pool.processes();
      if (workers.empty()) continue;
      // Its parent may have reaped it just now: then this counts as a kill that hit nobody.
      if (::kill(workers[dice() % workers.size()], SIGKILL) == 0) ++kills;
    }
  });
  std::deque<std::pair<std::uint64_t, Any>> waiting;
  std::uint64_t id = 0;
  std::size_t failed = 0;
  bool broken = false;
  const std::string megabyte(1'000'000, 'z');
  const auto judge = [&] {
    auto [task, future] = std::move(waiting.front());
    waiting.pop_front();
    try {
      if (std::holds_alternative<cf::Future<std::string>>(future)) {
        if (std::get<1>(future).result(30s * busy()) != large(task)) ++storm.wrong;
      } else {
        if (std::get<0>(future).result(30s * busy()) != key_of(task)) ++storm.wrong;
      }
    } catch (const cf::TimeoutError&) {
      ++storm.hung;
    } catch (const cf::BrokenProcessPool&) {
      ++failed;
    }
  };
  const auto watch = [&](auto future) {
    ++storm.tasks;
    const auto once = std::make_shared<std::atomic<int>>(0);
    future.add_done_callback([&storm, once](const auto&) {
      ++storm.called;
      if (once->fetch_add(1) != 0) ++storm.twice;
    });
    waiting.emplace_back(id++, Any(future));
  };
  while (!broken && !enough(kills.load())) {
    try {
      const auto kind = random() % 20;
      if (kind == 0) {
        watch(pool.submit(large, id));
      } else if (kind == 1) {
        watch(pool.submit(take, id, megabyte));
      } else {
        watch(pool.submit(keyed, id));
      }
    } catch (const cf::BrokenProcessPool&) {
      ++storm.refused;
      broken = true;
    }
    while (waiting.size() > 60) judge();
  }
  stop = true;
  killer.join();
  while (!waiting.empty()) judge();
  storm.kills += kills;
  if (!policy.breaks()) {
    CHECK(failed <= kills);
    CHECK(pool.submit(keyed, std::uint64_t{1}).result(20s * busy()) == key_of(1));
    CHECK(pool.statistics().workers_lost <= kills);
  }
  storm.failed += failed;
  CHECK(pool.shutdown_for(20s * busy()));
}

void storm_of(const Policy& policy, std::size_t kills, std::chrono::seconds at_most) {
  support::CapturedLog log;
  Storm storm;
  std::minstd_rand random(20'240'001);
  const auto start = support::Clock::now();
  const auto end = start + at_most;
  while (storm.kills < kills && support::Clock::now() < end && storm.hung == 0) {
    one_pool(policy, storm, random,
             [&](std::size_t so_far) { return storm.kills + so_far >= kills || support::Clock::now() >= end; });
  }
  CHECK(storm.wrong == 0);
  CHECK(storm.hung == 0);
  CHECK(storm.twice == 0);
  CHECK(storm.called == storm.tasks);
  std::printf(
      "storm (%s): %zu kills over %zu tasks in %zu pools, %.1f s: %zu futures failed, %zu hung, %zu wrong, %zu twice\n",
      policy.name.c_str(), storm.kills, storm.tasks, storm.pools,
      std::chrono::duration<double>(support::Clock::now() - start).count(), storm.failed, storm.hung, storm.wrong,
      storm.twice.load());
}

}  // namespace

EACH_POLICY("fault 15: SIGKILL at random instants over a mixed load: nothing hangs, is lost, doubled or mixed up") {
  storm_of(policy, 1000, 5s);
}

// Its own limit: the watch over one test is a minute.
TEST_CASE("fault 15: 10 000 kills (fail_task)", "[long]") {
  const support::LeakCheck leaks;
  storm_of(policies()[1], 10'000, 1500s);
}
TEST_CASE("fault 15: 10 000 kills (break_pool)", "[long]") {
  const support::LeakCheck leaks;
  storm_of(policies()[0], 10'000, 1500s);
}
