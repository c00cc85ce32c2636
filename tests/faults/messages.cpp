// SPDX-License-Identifier: BSL-1.0
// Rows 41 to 46: exceptions, and the four places where a value becomes bytes or is made from them.
#include "faults/in_child.hpp"

#include <fenv.h>
#include <signal.h>

#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <thread>

using namespace faults;

namespace {

struct NotDeclared : std::logic_error {
  using std::logic_error::logic_error;
};
struct Declared : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct WithoutWhat {
  int n = 0;
};

int throw_kind(int kind) {
  switch (kind) {
    case 0:
      throw std::out_of_range("far out");
    case 1:
      throw std::system_error(ENOSPC, std::generic_category(), "disc");
    case 2:
      throw NotDeclared("mine");
    case 3:
      throw Declared("known");
    case 4:
      throw 42;
    case 5:
      throw WithoutWhat{};
    case 6:
      try {
        throw std::range_error("inner");
      } catch (...) {
        std::throw_with_nested(std::runtime_error("outer"));
      }
    default:
      throw std::bad_alloc();
  }
}

/// Misbehaves in one of the four places: 0 argument pickled, 1 argument unpickled, 2 result pickled, 3 result
/// unpickled.
enum class How { throws, crashes, exits, hangs };
struct Trouble {
  int place = 0;
  How how = How::throws;
  pid_t home = 0;

  static void now(How how) {
    switch (how) {
      case How::throws:
        throw std::domain_error("trouble");
      case How::crashes:
        ::raise(SIGSEGV);
        break;
      case How::exits:
        ::_exit(9);
      case How::hangs:
        for (;;) ::pause();
    }
  }
  template <class Archive>
  void save(Archive& ar) const {
    ar(place, how, home);
    if (place == (::getpid() == home ? 0 : 2)) now(how);
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(place, how, home);
    if (place == (::getpid() == home ? 3 : 1)) now(how);
  }
};
Trouble return_trouble(Trouble trouble) { return trouble; }

/// Its destructor does harm in the worker, after the result has been published or while it is.
struct BadEnd {
  pid_t home = 0;
  bool dies = false;
  ~BadEnd() {
    if (home != 0 && ::getpid() != home && dies) ::raise(SIGSEGV);
  }
};

}  // namespace

CONCURRENT_FUTURES_EXCEPTION(Declared);

EACH_POLICY("fault 41: a task that throws, whatever: the same type where it is known, and only that future") {
  Trial trial(policy);
  trial.bystanders();
  CHECK_THROWS_AS(trial.submit(throw_kind, 0).result(20s), std::out_of_range);
  try {
    trial.submit(throw_kind, 1).result(20s);
    FAIL_CHECK("nothing thrown");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::error_code(ENOSPC, std::generic_category()));
  }
  try {
    trial.submit(throw_kind, 2).result(20s);
    FAIL_CHECK("nothing thrown");
  } catch (const std::logic_error& error) {
    CHECK(contains(error.what(), "mine"));
    const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
    REQUIRE(nested != nullptr);
    CHECK(contains(support::text_of(nested->nested_ptr()), "NotDeclared"));
  }
  CHECK_THROWS_AS(trial.submit(throw_kind, 3).result(20s), Declared);
  CHECK_THROWS_AS(trial.submit(throw_kind, 4).result(20s), pickle::RemoteError);
  CHECK_THROWS_AS(trial.submit(throw_kind, 5).result(20s), pickle::RemoteError);
  CHECK(message_of<std::runtime_error>([&] { trial.submit(throw_kind, 6).result(20s); }) == "outer");
  CHECK_THROWS_AS(trial.submit(throw_kind, 7).result(20s), std::bad_alloc);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY(
    "fault 42: pickling or unpickling throws, in each of the four places: that future alone, the worker lives") {
  Trial trial(policy, policy.options(1));
  const pid_t worker = trial.submit(own_pid).result(20s);
  for (int place = 0; place < 4; ++place) {
    CAPTURE(place);
    auto future = trial.submit(return_trouble, Trouble{place, How::throws, ::getpid()});
    CHECK(contains(message_of<std::domain_error>([&] { future.result(20s); }), "trouble"));
  }
  CHECK(trial.submit(own_pid).result(20s) == worker);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY(
    "fault 43: unpickling an argument or pickling a result crashes, exits, hangs: that future alone, with its phase") {
  for (const int place : {1, 2}) {
    const char* const while_it =
        place == 1 ? " while it unpickled the arguments of " : " while it pickled the result of ";
    const char* const phase = place == 1 ? "unpickling its arguments" : "pickling its result";
    CAPTURE(place);
    {
      Trial trial(policy);
      trial.bystanders();
      auto future = trial.submit(return_trouble, Trouble{place, How::crashes, ::getpid()});
      trial.one(future, std::string("was killed by SIGSEGV") + while_it, SIGSEGV, {}, phase);
      trial.finish();
    }
    {
      Trial trial(policy);
      trial.bystanders();
      auto future = trial.submit(return_trouble, Trouble{place, How::exits, ::getpid()});
      trial.one(future, std::string("exited with status 9") + while_it, {}, 9, phase);
      trial.finish();
    }
    Trial trial(policy);
    trial.bystanders();
    cf::TaskOptions limited;
    limited.timeout = 50ms;
    auto future = trial.submit(limited, return_trouble, Trouble{place, How::hangs, ::getpid()});
    CHECK_THROWS_AS(future.result(20s), cf::TaskTimeoutError);
    trial.finish();
  }
}

EACH_POLICY("fault 44: a destructor that crashes in the worker: the result is there or only that future fails") {
  {  // of a value that the worker keeps beyond the task: an idle death
    Trial trial(policy, policy.options(1));
    const auto has_result = Gate::make();
    auto future = trial.submit([has_result] {
      std::thread([has_result] {
        has_result.wait();
        ::raise(SIGSEGV);
      }).detach();
      return 6;
    });
    CHECK(future.result(20s) == 6);
    has_result.open();
    REQUIRE(eventually([&] { return trial.lost() == 1; }));
    trial.expect_death("was killed by SIGSEGV while it was idle");
    trial.finish();
  }
  {  // of an argument, which dies before the result is published
    Trial trial(policy);
    trial.bystanders();
    auto future = trial.submit([](const BadEnd& end) { return end.home; }, BadEnd{::getpid(), true});
    trial.one(future, "was killed by SIGSEGV while it ", SIGSEGV);
    trial.finish();
  }
}

EACH_POLICY(
    "fault 45: a thread that a task started still runs when it returns: it is tolerated, and ends with the worker") {
  auto options = policy.options(1);
  options.max_tasks_per_child = 2;
  Trial trial(policy, options);
  const auto ticks = Counter::make();
  for (int i = 0; i < 4; ++i) {
    auto future = trial.submit(
        [](Counter count) {
          const std::uint32_t before = count.value();
          std::thread([count] {
            for (;;) {
              count.add();
              std::this_thread::yield();
            }
          }).detach();
          return count.reaches(before + 1, 20s) ? 8 : 0;  // it runs, before this worker's last task is over
        },
        ticks);
    CHECK(future.result(20s) == 8);
  }
  CHECK(ticks.reaches(1));
  trial.finish();
  const std::uint32_t at_end = ticks.value();
  CHECK_FALSE(ticks.reaches(at_end + 1, 20ms));
}

EACH_POLICY("fault 46: what a task leaves behind: the signal mask and the floating-point mode do not reach the next") {
  Trial trial(policy, policy.options(1));
  CHECK(trial
            .submit([] {
              ::fesetround(FE_UPWARD);
              return ::fegetround();
            })
            .result(20s) == FE_UPWARD);
  CHECK(trial.submit([] { return ::fegetround(); }).result(20s) == FE_TONEAREST);
  CHECK(trial
            .submit([] {
              sigset_t all;
              sigfillset(&all);
              return ::sigprocmask(SIG_SETMASK, &all, nullptr);
            })
            .result(20s) == 0);
  // It is set right when the worker next sleeps, so that a task costs no system call.
  CHECK(eventually([&] {
    return trial
               .submit([] {
                 sigset_t now;
                 ::sigprocmask(SIG_SETMASK, nullptr, &now);
                 return sigismember(&now, SIGTERM);
               })
               .result(20s) == 0;
  }));
  trial.finish();
}
