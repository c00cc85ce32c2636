// SPDX-License-Identifier: BSL-1.0
// The checker itself, on the small programs by which memory models are told apart, and on structures known to be wrong.
#include "model/atomic.hpp"

#include <concurrent/multiprocessing/detail/futex.hpp>

namespace {

using Outcome = std::vector<int>;
using Word32 = std::atomic<std::uint32_t>;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto seq_cst = std::memory_order_seq_cst;

struct Shared {
  std::atomic<int> x{0};
  std::atomic<int> y{0};
  Outcome seen = Outcome(4, -1);
};

using Body = std::function<void(Shared&)>;

/// All that the registers, or `last`, can be in the end.
std::set<Outcome> outcomes(
    const std::vector<Body>& threads, const std::function<Outcome(Shared&)>& last = [](Shared& s) { return s.seen; },
    const model::Limits& limits = {}) {
  std::set<Outcome> all;
  model::Explorer explorer(limits);
  const model::Report report = explorer.explore([&](model::Explorer::Program& program) {
    const auto shared = std::make_shared<Shared>();
    for (std::size_t i = 0; i < threads.size(); ++i)
      program.thread("thread " + std::to_string(i), [shared, body = threads[i]] { body(*shared); });
    program.at_end([shared, &all, &last] { all.insert(last(*shared)); });
  });
  INFO(report.fault);
  CHECK(report.fault.empty());
  CHECK(report.complete);
  return all;
}

bool has(const std::set<Outcome>& all, const Outcome& one) { return all.count(one) != 0; }

}  // namespace

TEST_CASE("Model: store buffering is seen unless all of it is sequentially consistent") {
  const auto run = [](std::memory_order stores, std::memory_order loads) {
    return outcomes({[=](Shared& s) {
                       s.x.store(1, stores);
                       s.seen[0] = s.y.load(loads);
                     },
                     [=](Shared& s) {
                       s.y.store(1, stores);
                       s.seen[1] = s.x.load(loads);
                     }});
  };
  const Outcome weak{0, 0, -1, -1};
  CHECK(has(run(relaxed, relaxed), weak));
  CHECK(has(run(release, acquire), weak));
  CHECK(has(run(seq_cst, acquire), weak));
  CHECK(has(run(release, seq_cst), weak));
  const auto strong = run(seq_cst, seq_cst);
  CHECK_FALSE(has(strong, weak));
  CHECK(strong.size() == 3);
}

TEST_CASE("Model: fences order store buffering, too") {
  const auto run = [](std::memory_order order) {
    return outcomes({[=](Shared& s) {
                       s.x.store(1, relaxed);
                       std::atomic_thread_fence(order);
                       s.seen[0] = s.y.load(relaxed);
                     },
                     [=](Shared& s) {
                       s.y.store(1, relaxed);
                       std::atomic_thread_fence(order);
                       s.seen[1] = s.x.load(relaxed);
                     }});
  };
  CHECK(has(run(std::memory_order_acq_rel), {0, 0, -1, -1}));
  CHECK_FALSE(has(run(seq_cst), {0, 0, -1, -1}));
}

TEST_CASE("Model: a message passes with release and acquire, and with neither alone") {
  const auto run = [](std::memory_order stores, std::memory_order loads) {
    return outcomes({[=](Shared& s) {
                       s.x.store(1, relaxed);
                       s.y.store(1, stores);
                     },
                     [=](Shared& s) {
                       s.seen[0] = s.y.load(loads);
                       s.seen[1] = s.x.load(relaxed);
                     }});
  };
  const Outcome weak{1, 0, -1, -1};
  CHECK(has(run(relaxed, relaxed), weak));
  CHECK(has(run(release, relaxed), weak));
  CHECK(has(run(relaxed, acquire), weak));
  const auto strong = run(release, acquire);
  CHECK_FALSE(has(strong, weak));
  CHECK(strong.size() == 3);
}

TEST_CASE("Model: a release sequence goes on through what only changes the value") {
  const auto all = outcomes({[](Shared& s) {
                               s.x.store(1, relaxed);
                               s.y.store(1, release);
                             },
                             [](Shared& s) { s.y.fetch_add(1, relaxed); },
                             [](Shared& s) {
                               s.seen[0] = s.y.load(acquire);
                               s.seen[1] = s.x.load(relaxed);
                             }});
  CHECK_FALSE(has(all, {2, 0, -1, -1}));
  CHECK(has(all, {1, 1, -1, -1}));
  CHECK(has(all, {1, 0, -1, -1}));  // the other thread's one, made before the release
  CHECK(has(all, {2, 1, -1, -1}));
}

TEST_CASE("Model: two readers may disagree on the order of two writes, unless all is sequentially consistent") {
  const auto run = [](std::memory_order stores, std::memory_order loads) {
    return outcomes({[=](Shared& s) { s.x.store(1, stores); }, [=](Shared& s) { s.y.store(1, stores); },
                     [=](Shared& s) {
                       s.seen[0] = s.x.load(loads);
                       s.seen[1] = s.y.load(loads);
                     },
                     [=](Shared& s) {
                       s.seen[2] = s.y.load(loads);
                       s.seen[3] = s.x.load(loads);
                     }});
  };
  const Outcome weak{1, 0, 1, 0};
  CHECK(has(run(release, acquire), weak));
  const auto strong = run(seq_cst, seq_cst);
  CHECK_FALSE(has(strong, weak));
  CHECK(strong.size() == 15);
}

TEST_CASE("Model: stores of two threads may come to stand in opposite orders (2+2W)") {
  const auto run = [](std::memory_order order) {
    return outcomes({[=](Shared& s) {
                       s.x.store(1, order);
                       s.y.store(2, order);
                     },
                     [=](Shared& s) {
                       s.y.store(1, order);
                       s.x.store(2, order);
                     }},
                    [](Shared& s) { return Outcome{s.x.peek(), s.y.peek()}; });
  };
  CHECK(has(run(relaxed), {1, 1}));
  CHECK(has(run(release), {1, 1}));
  CHECK_FALSE(has(run(seq_cst), {1, 1}));
  CHECK(run(seq_cst).size() == 3);
}

TEST_CASE("Model: of one location all see the stores in one order") {
  const auto all = outcomes({[](Shared& s) { s.x.store(1, relaxed); }, [](Shared& s) { s.x.store(2, relaxed); },
                             [](Shared& s) {
                               s.seen[0] = s.x.load(relaxed);
                               s.seen[1] = s.x.load(relaxed);
                             },
                             [](Shared& s) {
                               s.seen[2] = s.x.load(relaxed);
                               s.seen[3] = s.x.load(relaxed);
                             }});
  CHECK_FALSE(has(all, {1, 2, 2, 1}));
  CHECK_FALSE(has(all, {1, 0, 0, 0}));
  CHECK(has(all, {1, 2, 1, 2}));
  CHECK(has(all, {2, 1, 0, 1}));
}

TEST_CASE("Model: a load does not read what is stored later (load buffering is not explored)") {
  const auto all = outcomes({[](Shared& s) {
                               s.seen[0] = s.x.load(relaxed);
                               s.y.store(1, relaxed);
                             },
                             [](Shared& s) {
                               s.seen[1] = s.y.load(relaxed);
                               s.x.store(1, relaxed);
                             }});
  CHECK_FALSE(has(all, {1, 1, -1, -1}));
  CHECK(all.size() == 3);
}

TEST_CASE("Model: two that add do not lose one, and of two that exchange one comes first") {
  const auto all = outcomes({[](Shared& s) { s.seen[0] = s.x.fetch_add(1, relaxed); },
                             [](Shared& s) { s.seen[1] = s.x.fetch_add(1, relaxed); },
                             [](Shared& s) {
                               int expected = 1;
                               s.seen[2] = s.x.compare_exchange_strong(expected, 7, relaxed) ? 1 : 0;
                             }},
                            [](Shared& s) { return Outcome{s.seen[0], s.seen[1], s.seen[2], s.x.peek()}; });
  CHECK(has(all, {0, 1, 0, 2}));
  CHECK(has(all, {1, 0, 0, 2}));
  CHECK(has(all, {0, 7, 1, 8}));
  CHECK(all.size() == 4);
}

TEST_CASE("Model: what is left out changes nothing: random programs with all orders of their steps") {
  std::mt19937 random(7);
  std::size_t outcomes_seen = 0;
  for (int round = 0; round < 150; ++round) {
    struct Step {
      unsigned kind = 0;
      bool second = false;
      std::memory_order order = relaxed;
      int value = 0;
    };
    std::vector<std::vector<Step>> steps(3, std::vector<Step>(2));
    for (auto& thread : steps) {
      for (Step& step : thread) {
        constexpr std::array<std::memory_order, 3> of_loads{relaxed, acquire, seq_cst};
        constexpr std::array<std::memory_order, 3> of_stores{relaxed, release, seq_cst};
        step.kind = static_cast<unsigned>(random() % 3);
        step.second = random() % 2 != 0;
        step.order = (step.kind == 0 ? of_loads : of_stores)[random() % 3];
        step.value = 1 + static_cast<int>(random() % 9);
      }
    }
    std::vector<Body> bodies;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      bodies.push_back([thread = steps[i], i](Shared& s) {
        for (const Step& step : thread) {
          std::atomic<int>& word = step.second ? s.y : s.x;
          int& seen = s.seen[i];
          if (step.kind == 0) seen = 10 * seen + word.load(step.order);
          if (step.kind == 1) word.store(step.value, step.order);
          if (step.kind == 2) seen = 10 * seen + word.fetch_add(step.value, step.order);
        }
      });
    }
    const auto last = [](Shared& s) {
      Outcome outcome = s.seen;
      outcome.push_back(s.x.peek());
      outcome.push_back(s.y.peek());
      return outcome;
    };
    model::Limits all;
    all.reduce = false;
    const auto expected = outcomes(bodies, last, all);
    const auto found = outcomes(bodies, last);
    CAPTURE(round);
    CHECK(found == expected);
    outcomes_seen += expected.size();
  }
  CHECK(outcomes_seen > 1000);
}

// ---- What it finds

namespace {

/// One slot that is handed from one thread to another, as `order` has it.
model::Report hand_over(std::memory_order order, std::vector<unsigned> schedule = {}) {
  struct Slot {
    std::atomic<int> full{0};
    model::Data data{"the data"};
  };
  model::Limits limits;
  limits.schedule = std::move(schedule);
  model::Explorer explorer(limits);
  return explorer.explore([order](model::Explorer::Program& program) {
    const auto slot = std::make_shared<Slot>();
    program.name(&slot->full, "full");
    program.thread("writer", [slot, order] {
      slot->data.write(42);
      slot->full.store(1, order);
    });
    program.thread("reader", [slot] {
      if (slot->full.load(acquire) == 1) model::expect(slot->data.read() == 42, "the data is not there");
    });
  });
}

/// One waits for a flag, the other sets it: with the second look before sleeping, or without.
model::Report sleep_and_wake(bool looks_again) {
  struct Words {
    Word32 flag{0};
    Word32 sleeps{0};
  };
  model::Explorer explorer({});
  return explorer.explore([looks_again](model::Explorer::Program& program) {
    const auto words = std::make_shared<Words>();
    program.name(&words->flag, "flag");
    program.name(&words->sleeps, "sleeps");
    program.thread("waiter", [words, looks_again] {
      if (words->flag.load() != 0) return;
      words->sleeps.store(1, looks_again ? seq_cst : release);
      if (words->flag.load(looks_again ? seq_cst : acquire) != 0) return;
      concurrent::multiprocessing::detail::futex_wait(words->sleeps, 1);
    });
    program.thread("setter", [words, looks_again] {
      words->flag.store(1, looks_again ? seq_cst : release);
      if (words->sleeps.load(looks_again ? seq_cst : acquire) == 0) return;
      words->sleeps.store(0);
      concurrent::multiprocessing::detail::futex_wake(words->sleeps);
    });
  });
}

/// A stack whose pop does not notice that its top was taken and came back.
model::Report naive_stack() {
  struct Stack {
    std::atomic<int> top{1};
    std::array<std::atomic<int>, 3> below{{{0}, {2}, {0}}};  // 1 stands on 2
    std::array<std::atomic<int>, 3> taken{};
    int pop() {
      for (;;) {
        int seen = top.load();
        if (seen == 0) return 0;
        const int next = below[static_cast<std::size_t>(seen)].load();
        if (top.compare_exchange_strong(seen, next)) return seen;
      }
    }
    void push(int node) {
      int seen = top.load();
      do below[static_cast<std::size_t>(node)].store(seen);
      while (!top.compare_exchange_strong(seen, node));
    }
  };
  model::Explorer explorer({});
  return explorer.explore([](model::Explorer::Program& program) {
    const auto stack = std::make_shared<Stack>();
    const auto take = [stack](int node) {
      if (node != 0)
        model::expect(stack->taken[static_cast<std::size_t>(node)].fetch_add(1) == 0,
                      "node " + std::to_string(node) + " is taken twice");
    };
    program.thread("one", [stack, take] {
      take(stack->pop());
      take(stack->pop());
    });
    program.thread("other", [stack, take] {
      const int first = stack->pop();
      const int second = stack->pop();
      take(second);
      if (first != 0) stack->push(first);
    });
  });
}

}  // namespace

TEST_CASE("Model: data that is handed over without release is a race, whose schedule is told and can be replayed") {
  CHECK(hand_over(release).fault.empty());
  const model::Report found = hand_over(relaxed);
  INFO(found.fault);
  CHECK(found.fault.find("reader reads the data while writer may be writing it") == 0);
  CHECK(found.fault.find("writer stores full = 1 (relaxed)  [litmus.cpp:") != std::string::npos);
  const model::Report again = hand_over(relaxed, found.schedule);
  CHECK(again.executions == 1);
  CHECK(again.fault == found.fault);
}

TEST_CASE("Model: a wake-up that is lost is found") {
  CHECK(sleep_and_wake(true).fault.empty());
  const model::Report found = sleep_and_wake(false);
  INFO(found.fault);
  CHECK(found.fault.find("waiter sleeps and nobody will wake it") == 0);
}

TEST_CASE("Model: a stack that does not count how often its top has changed gives a node twice") {
  const model::Report found = naive_stack();
  INFO(found.fault);
  CHECK(found.fault.find("is taken twice") != std::string::npos);
}

TEST_CASE("Model: a thread that is killed at any step leaves what it had stored") {
  struct Words {
    std::atomic<int> x{0};
    std::atomic<int> y{0};
  };
  std::set<Outcome> all;
  model::Limits limits;
  limits.deaths = 1;
  model::Explorer explorer(limits);
  const model::Report report = explorer.explore([&all](model::Explorer::Program& program) {
    const auto words = std::make_shared<Words>();
    program.thread(
        "victim",
        [words] {
          words->x.store(1, relaxed);
          words->y.store(1, relaxed);
        },
        model::Ends::may_die);
    program.thread("heir", [words, &all] {
      model::explorer->await_death();
      const int x = words->x.load(relaxed);
      all.insert({x, words->y.load(relaxed)});
    });
  });
  CHECK(report.fault.empty());
  CHECK(all == std::set<Outcome>{{0, 0}, {1, 0}});
}
