// SPDX-License-Identifier: BSL-1.0
// A Manager for tasks, under every start method.
#include <concurrent/multiprocessing/manager.hpp>

#include <signal.h>

#include <string>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/processes.hpp"

namespace {

using Counts = mp::DictProxy<std::string, int>;

struct WithLinks {
  WithLinks() { static_cast<void>(mp::detail::ManagerLinks::instance()); }
};
class ManagerChecked : private WithLinks, public support::LeakChecked {};

struct Job {
  int number = 0;
  std::string what;
};
struct Board {
  std::vector<Job> jobs;
  void add(const Job& job) { jobs.push_back(job); }
};

int count(Counts counts, const std::vector<mp::ListProxy<int>>& lists, mp::Proxy<Board> board, int i) {
  counts.update("tasks", [](int& n) { ++n; });
  lists.at(0).append(i);
  board.call(&Board::add, Job{i, "work"});
  return board.apply([](Board& b) { return static_cast<int>(b.jobs.size()); });
}

Counts change_and_return(Counts counts) {
  counts.set("returned", 1);
  return counts;
}

Counts counts_of_the_worker;
void keep_counts(Counts counts) { counts_of_the_worker = counts; }
int ask_what_was_kept() { return counts_of_the_worker.at("kept"); }

}  // namespace

TEST_CASE_METHOD(ManagerChecked, "PX1 PX4 Manager: its proxies are arguments, results and initializers' arguments") {
  mp::Manager manager;
  const Counts counts = manager.dict<std::string, int>({{"tasks", 0}, {"kept", 9}});
  const auto list = manager.list<int>();
  const auto board = manager.make<Board>();
  int tasks = 0;
  support::for_each_start_method([&](const mp::Context& context) {
    cf::ProcessPoolExecutor pool(
        {.max_workers = 2, .mp_context = context, .initializer = cf::Initializer{keep_counts, counts}});
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 8; ++i) futures.push_back(pool.submit(count, counts, std::vector{list}, board, i));
    for (const auto& future : futures) CHECK(future.result() > 0);
    tasks += 8;
    CHECK(pool.submit(change_and_return, counts).result() == counts);
    CHECK(pool.submit(ask_what_was_kept).result() == 9);
    // A temporary: the object lives until it has arrived.
    CHECK(pool.submit(change_and_return, manager.dict<std::string, int>()).result().at("returned") == 1);
  });
  CHECK(counts.at("tasks") == tasks);
  CHECK(list.size() == static_cast<std::size_t>(tasks));
  CHECK(board.apply([](Board& b) { return b.jobs.back().what; }) == "work");
}

TEST_CASE_METHOD(ManagerChecked, "K48 K62 Manager: workers killed at random while they use it harm nobody") {
  mp::Manager manager;
  const Counts counts = manager.dict<std::string, int>({{"tasks", 0}, {"kept", 0}});
  const auto list = manager.list<int>();
  const auto board = manager.make<Board>();
  cf::ProcessPoolExecutor pool({.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  int done = 0;
  int lost = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(count, counts, std::vector{list}, board, i));
    futures[3].wait();
    for (const pid_t worker : pool.processes()) ::kill(worker, SIGKILL);
    for (const auto& future : futures) {
      try {
        future.result();
        ++done;
      } catch (const cf::WorkerDied&) {
        ++lost;
      }
    }
  }
  CHECK(done + lost == 100);
  CHECK(counts.at("tasks") >= done);
  CHECK(counts.at("tasks") <= done + lost);
  CHECK(list.size() <= static_cast<std::size_t>(counts.at("tasks")));
}
