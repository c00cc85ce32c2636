// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/pool/stable_queue.hpp>

#include <atomic>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace {

struct Counted {
  explicit Counted(int n) : number(n) { ++alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  const int number;
  static inline int alive = 0;
};

}  // namespace

TEST_CASE("StableQueue: first in, first out, at addresses that do not change, and nothing is left") {
  std::mt19937 random(5);
  {
    concurrent::futures::detail::StableQueue<Counted> queue;
    std::vector<Counted*> addresses;
    std::size_t taken = 0;
    for (int step = 0; step < 20'000; ++step) {
      const bool fill = random() % 3 != 0 ? step % 4000 < 2000 : step % 4000 >= 2000;
      if (fill) {
        addresses.push_back(&queue.emplace_back(static_cast<int>(addresses.size())));
      } else if (taken < addresses.size()) {
        REQUIRE(&queue.front() == addresses[taken]);
        REQUIRE(queue.front().number == static_cast<int>(taken));
        queue.pop_front();
        ++taken;
      }
      REQUIRE(queue.empty() == (taken == addresses.size()));
      REQUIRE(Counted::alive == static_cast<int>(addresses.size() - taken));
      if (step % 500 == 0) {
        std::size_t next = taken;
        queue.for_each([&](const Counted& one) { REQUIRE(one.number == static_cast<int>(next++)); });
        REQUIRE(next == addresses.size());
      }
    }
    concurrent::futures::detail::StableQueue<Counted> other;
    other.emplace_back(-1);
    other.swap(queue);
    REQUIRE(queue.front().number == -1);
  }
  REQUIRE(Counted::alive == 0);
}
