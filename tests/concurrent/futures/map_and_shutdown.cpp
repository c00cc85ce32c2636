// SPDX-License-Identifier: BSL-1.0
// Maps that submit in a chain, and the end of their executor in another thread.
#include <atomic>
#include <concurrent/futures.hpp>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/joining_thread.hpp"
#include "support/leak_check.hpp"

namespace cf = concurrent::futures;
using support::LeakChecked;

namespace {

int same(int n) { return n; }

const std::vector<int> ones(5000, 1);

int sum_of(cf::MapResult<int>& results) {
  int sum = 0;
  for (const int result : results) sum += result;
  return sum;
}

template <class Pool>
void two_shutdowns(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    Pool pool(1);
    auto results = pool.map(same, ones, {.chunksize = cf::auto_chunksize});
    support::JoiningThread other([&] { pool.shutdown(false); });
    pool.shutdown(true);
    other.join();
    REQUIRE(sum_of(results) == 5000);
  }
}

template <class Pool>
void map_while_it_shuts_down(int rounds) {
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    Pool pool(1);
    std::atomic<int> maps{0};
    support::JoiningThread other([&] {
      while (maps.load() <= round % 8) std::this_thread::yield();
      pool.shutdown(true);
    });
    try {
      for (;;) {
        ++maps;
        auto results = pool.map(same, ones, {.chunksize = cf::auto_chunksize});
        REQUIRE(sum_of(results) == 5000);
      }
    } catch (const cf::RuntimeError&) {
      ++refused;
    }
    other.join();
  }
  CHECK(refused == rounds);
}

}  // namespace

TEST_CASE_METHOD(LeakChecked,
                 "map: its items are all there when two threads shut its executor down at once (processes)") {
  two_shutdowns<cf::ProcessPoolExecutor>(20);
}
TEST_CASE_METHOD(LeakChecked,
                 "map: its items are all there when two threads shut its executor down at once (threads)") {
  two_shutdowns<cf::ThreadPoolExecutor>(100);
}
TEST_CASE_METHOD(LeakChecked,
                 "map: while its executor shuts down it is refused, or all its items are there (processes)") {
  map_while_it_shuts_down<cf::ProcessPoolExecutor>(30);
}
TEST_CASE_METHOD(LeakChecked,
                 "map: while its executor shuts down it is refused, or all its items are there (threads)") {
  map_while_it_shuts_down<cf::ThreadPoolExecutor>(150);
}
