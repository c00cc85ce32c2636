// SPDX-License-Identifier: BSL-1.0
// What every fault row stands on: a pool under one of the two policies, and the invariants that hold whatever happens.
//
//  I1  every future resolves within its bound          I6  shutdown returns
//  I2  exactly once: its callback runs once            I7  no child process, no zombie
//  I3  a value is its own task's (keyed)               I8  descriptors, mappings, threads, /dev/shm as before
//  I4  tasks that are not concerned succeed            I9  the reason in the error is the true one
//  I5  a later submit works, or says why not           I10 signal dispositions, mask and umask as before
//
// I1 to I6 and I9 are checked by Trial::finish, I7, I8 and I10 round each test (support/leak_check.hpp).
#pragma once

#include "faults/fault_table.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"

namespace faults {

using namespace std::chrono_literals;
using support::contains;
using support::Counter;
using support::eventually;
using support::Gate;
using support::message_of;
using support::slowness;

/// By how much a limit on time is too strict here and now: sanitizers, and whatever else the machine has to do.
inline int busy() {
  double load = 0;
  ::getloadavg(&load, 1);
  const double each = load / static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  return slowness * std::max(1, static_cast<int>(each + 0.5));
}

/// One of the two ways in which a pool takes a death, and by what its workers start.
struct Policy {
  cf::WorkerDeathPolicy death;
  std::string name;
  std::string method = "fork";

  bool breaks() const { return death == cf::WorkerDeathPolicy::break_pool; }
  /// Deaths are what these tests are about: the limit on them is lifted unless a row is about it.
  cf::ProcessPoolOptions options(int workers = 2) const {
    cf::ProcessPoolOptions options;
    options.max_workers = workers;
    options.on_worker_death = death;
    options.restart_limit = {1'000'000, 1s};
    options.mp_context = mp::get_context(method);
    return options;
  }
};

inline std::vector<Policy> policies() {
  return {{cf::WorkerDeathPolicy::break_pool, "break_pool"}, {cf::WorkerDeathPolicy::fail_task, "fail_task"}};
}

struct RegisterForPolicies {
  RegisterForPolicies(const std::function<void(const Policy&)>& body, const char* file, int line,
                      const std::string& name, const std::string& tags = "") {
    const auto checked = [body](const Policy& policy) {
      const mode_t before = ::umask(0);
      ::umask(before);
      body(policy);
      const mode_t after = ::umask(before);
      CHECK(before == after);
    };
    for (const Policy& policy : policies()) support::register_test<Policy>(checked, policy, file, line, name, tags);
  }
};

// ---- Tasks

/// What a keyed task returns: nobody else's value can be taken for it.
inline std::uint64_t key_of(std::uint64_t id) {
  id = (id ^ (id >> 30)) * 0xbf58476d1ce4e5b9ULL;
  id = (id ^ (id >> 27)) * 0x94d049bb133111ebULL;
  return id ^ (id >> 31);
}
inline std::uint64_t keyed(std::uint64_t id) { return key_of(id); }
inline int hold(Counter started, Gate gate, int n) {
  started.add();
  gate.wait();
  return n;
}
inline int add_one(int n) { return n + 1; }
inline pid_t own_pid() { return ::getpid(); }
inline std::string letters_of_size(std::size_t size) {
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}
/// Who runs this, and who started it.
struct Family {
  pid_t worker = 0;
  pid_t zygote = 0;
};
inline Family family() { return {::getpid(), ::getppid()}; }

// ---- A pool under test

class Trial {
 public:
  explicit Trial(const Policy& policy) : Trial(policy, policy.options()) {}
  Trial(const Policy& policy, cf::ProcessPoolOptions options) : policy_(policy), pool_(std::move(options)) {}
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    if (!finished_) pool_.kill_workers();  // the test has failed: what hangs must not hang its end
  }

  cf::ProcessPoolExecutor& pool() { return pool_; }
  const Policy& policy() const { return policy_; }
  std::string log() const { return log_.text(); }
  support::CapturedLog& captured() { return log_; }

  template <class... Call>
  auto submit(Call&&... call) {
    auto future = pool_.submit(std::forward<Call>(call)...);
    count(future);
    return future;
  }

  /// Tasks that are not concerned, and must not be.
  void bystanders(std::size_t count_of_them = 3) {
    for (std::size_t i = 0; i < count_of_them; ++i) {
      try {
        bystanders_.emplace_back(next_id_, submit(keyed, next_id_));
        ++next_id_;
      } catch (const cf::BrokenProcessPool&) {
        if (!policy_.breaks() && !broken_) throw;
        return;
      }
    }
  }

  /// The worker of this task has died of it. Under fail_task that is this future's alone; under break_pool it is
  /// everybody's who is not done. `reason` is in the text, as is all of `also`.
  template <class T>
  void one(const cf::Future<T>& future, const std::string& reason, std::optional<int> signal = {},
           std::optional<int> status = {}, const std::string& phase = "running") {
    reason_ = reason;
    broken_ = policy_.breaks();
    const auto limit = 10s * busy();
    try {
      future.result(limit);
      FAIL_CHECK("the task of a dead worker has a result");
    } catch (const cf::WorkerDied& died) {
      CHECK_FALSE(policy_.breaks());
      CHECK(contains(died.what(), reason));
      CHECK(contains(died.what(), std::to_string(died.pid())));
      CHECK(contains(died.what(), died.worker_name()));
      CHECK(contains(died.worker_name(), "Process-"));
      CHECK(died.signal() == signal);
      CHECK(died.exit_status() == status);
      CHECK(died.phase() == phase);
      CHECK_FALSE(died.task().empty());
      CHECK(contains(died.what(), died.task()));
    } catch (const cf::BrokenProcessPool& error) {
      CHECK(policy_.breaks());
      CHECK(contains(error.what(), reason));
    }
  }

  /// This one is done as if nothing had happened. Under break_pool it may have been caught by the break.
  template <class T, class Value>
  void value(const cf::Future<T>& future, const Value& expected) {
    try {
      const bool right = future.result(20s * busy()) == expected;
      CHECK(right);
    } catch (const cf::BrokenProcessPool& error) {
      CHECK(broken_);
      CHECK(contains(error.what(), reason_));
    }
  }

  /// From now on the pool counts as broken, for that reason.
  void expect_broken(const std::string& reason) {
    broken_ = true;
    reason_ = reason;
  }
  /// The same, where only break_pool takes it so.
  void expect_death(const std::string& reason) {
    reason_ = reason;
    broken_ = policy_.breaks();
  }

  std::size_t lost() { return pool_.statistics().workers_lost; }

  /// All invariants. Nothing is usable afterwards.
  void finish() {
    bystanders();  // after the fault: these too
    const auto limit = support::Clock::now() + 30s * busy();
    for (auto& [id, future] : bystanders_) {
      try {
        if (future.result(limit - support::Clock::now()) != key_of(id))
          FAIL_CHECK("task " << id << " has another's value");
      } catch (const cf::BrokenProcessPool& error) {
        if (!broken_ || !contains(error.what(), reason_)) FAIL_CHECK("task " << id << ": " << error.what());
      }
    }
    if (broken_) {
      // The one who finds the worker gone may be the pool itself, a moment later.
      std::string text;
      CHECK(eventually(
          [&] {
            try {
              submit(keyed, std::uint64_t{0}).result(20s);
              return false;
            } catch (const cf::BrokenProcessPool& error) {
              text = error.what();
              return true;
            }
          },
          10s * busy()));
      CHECK(contains(text, reason_));
      CHECK(contains(text, "concurrent::futures: "));
    } else {
      CHECK(submit(keyed, std::uint64_t{77}).result(20s * busy()) == key_of(77));
    }
    CHECK(pool_.shutdown_for(20s * busy()));
    finished_ = true;
    CHECK(called_->load() == submitted_);
    CHECK(twice_->load() == 0);
    CHECK(pool_.processes().empty());
    CHECK(pool_.pending_work_items() == 0);
  }

 private:
  template <class T>
  void count(const cf::Future<T>& future) {
    ++submitted_;
    const auto once = std::make_shared<std::atomic<int>>(0);
    future_of(future).add_done_callback([called = called_, twice = twice_, once](cf::Future<T> done) {
      called->fetch_add(1);
      if (once->fetch_add(1) != 0 || !done.done()) twice->fetch_add(1);
    });
  }
  template <class T>
  static cf::Future<T> future_of(const cf::Future<T>& future) {
    return future;
  }

  support::CapturedLog log_;
  Policy policy_;
  std::shared_ptr<std::atomic<std::size_t>> called_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<std::atomic<std::size_t>> twice_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::size_t submitted_ = 0;
  std::uint64_t next_id_ = 1000;
  std::vector<std::pair<std::uint64_t, cf::Future<std::uint64_t>>> bystanders_;
  std::string reason_;
  bool broken_ = false;
  bool finished_ = false;
  cf::ProcessPoolExecutor pool_;
};

/// The kernel does not let this row be tried here: says why, and how much of it was.
inline void skip(const std::string& why) {
  WARN("skipped: " << why);
  std::printf("skipped: %s: %s\n", support::test_name().c_str(), why.c_str());
}

}  // namespace faults

#define EACH_POLICY_(function, ...)                                                                           \
  static void function(const faults::Policy&);                                                                \
  static const faults::RegisterForPolicies SUPPORT_JOIN(function, _registered)(&function, __FILE__, __LINE__, \
                                                                               __VA_ARGS__);                  \
  static void function([[maybe_unused]] const faults::Policy& policy)

/// EACH_POLICY("fault 7: name", "[tags]") { faults::Trial trial(policy); … trial.finish(); }
#define EACH_POLICY(...) EACH_POLICY_(SUPPORT_JOIN(fault_test_, __COUNTER__), __VA_ARGS__)
