// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/lifecycle.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"

using concurrent::futures::detail::PoolAdmission;
using concurrent::futures::detail::PoolLifecycle;
using Step = PoolLifecycle::Step;

namespace {

/// What can happen to a pool, as digits of a number, so that all sequences can be gone through.
enum class Event : unsigned {
  shut_down,
  break_first,
  break_second,
  lose_helper,
  look_busy,
  look_with_callbacks,
  look_with_workers,
  look_idle,
  count
};

}  // namespace

TEST_CASE("PoolLifecycle: every sequence of six events keeps its promises") {
  constexpr unsigned events = static_cast<unsigned>(Event::count);
  constexpr unsigned length = 6;
  unsigned sequences = 1;
  for (unsigned i = 0; i < length; ++i) sequences *= events;
  for (unsigned number = 0; number < sequences; ++number) {
    PoolAdmission admission;
    PoolLifecycle pool(admission);
    std::string first_reason;
    bool shut = false;
    bool gone = false;
    int quits = 0;
    int tells = 0;
    bool right = true;
    const auto expect = [&](bool condition) { right = right && condition; };
    unsigned rest = number;
    for (unsigned i = 0; i < length; ++i, rest /= events) {
      const bool could_start = pool.may_start_workers();
      const bool was_closed = admission.is_closed();
      switch (static_cast<Event>(rest % events)) {
        case Event::shut_down:
          pool.shut_down();
          shut = true;
          expect(pool.may_start_workers() == could_start);  // what it has may need some
          break;
        case Event::break_first:
        case Event::break_second: {
          const std::string reason = static_cast<Event>(rest % events) == Event::break_first ? "first" : "second";
          pool.break_down(reason);
          if (first_reason.empty()) first_reason = reason;
          break;
        }
        case Event::lose_helper:
          expect(pool.lose_helper() == (quits == 0));
          gone = true;
          break;
        case Event::look_busy:
          expect(pool.next_step(1, 0, false, 0) == Step::wait);
          expect(pool.next_step(0, 1, false, 0) == Step::wait);
          break;
        case Event::look_with_callbacks:
          expect(pool.next_step(0, 0, true, 0) == Step::wait);
          break;
        case Event::look_with_workers: {
          const Step step = pool.next_step(0, 0, false, 3);
          if (!shut) expect(step == Step::wait);
          if (shut && gone) expect(step == Step::done);
          if (shut && !gone) expect(step == (quits + tells == 0 ? Step::tell_workers_to_leave : Step::wait));
          if (step == Step::tell_workers_to_leave) ++tells;
          break;
        }
        case Event::look_idle: {
          const Step step = pool.next_step(0, 0, false, 0);
          if (!shut) expect(step == Step::wait);
          if (shut && gone) expect(step == Step::done);
          if (shut && !gone) expect(step == (quits == 0 ? Step::tell_helper_to_quit : Step::wait));
          if (step == Step::tell_helper_to_quit) ++quits;
          break;
        }
        case Event::count:
          break;
      }
      expect(pool.reason() == first_reason);
      expect(pool.is_broken() == !first_reason.empty());
      expect(admission.is_closed() == (shut || !first_reason.empty()));
      expect(admission.is_closed() || !was_closed);
      expect(could_start || !pool.may_start_workers());
      if (gone || pool.is_broken() || quits + tells != 0) expect(!pool.may_start_workers());
      expect(quits <= 1);
    }
    INFO("sequence " << number);
    REQUIRE(right);
  }
}

TEST_CASE("PoolAdmission: one that is put off starts at its first use, unless it has been closed before") {
  PoolAdmission pool;
  CHECK(pool.flags() == 0);
  CHECK_FALSE(pool.awaits_start());
  pool.put_off();
  CHECK(pool.flags() != 0);
  CHECK(pool.is_unstarted());
  CHECK(pool.awaits_start());
  CHECK(pool.is_untouched());
  pool.begin_start();
  CHECK_FALSE(pool.is_untouched());
  pool.fail_start();
  CHECK(pool.is_untouched());
  pool.begin_start();
  pool.finish_start();
  CHECK_FALSE(pool.is_unstarted());
  CHECK(pool.flags() == 0);

  PoolAdmission closed;
  closed.put_off();
  closed.close();
  CHECK(closed.is_unstarted());
  CHECK_FALSE(closed.awaits_start());
  closed.set_traced();
  CHECK(closed.is_traced());
  CHECK(closed.is_closed());
}
