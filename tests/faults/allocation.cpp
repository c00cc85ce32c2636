// SPDX-License-Identifier: BSL-1.0
// Row 33: each allocation that the caller makes fails once.
#include "faults/in_child.hpp"

#include <cstdlib>
#include <new>
#include <thread>

using namespace faults;

namespace {

/// The allocation of this thread that fails; below 0: none.
thread_local long fails_in = -1;
thread_local bool failed = false;

}  // namespace

#if !SUPPORT_SANITIZED
void* operator new(std::size_t size) {
  if (fails_in >= 0 && fails_in-- == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace {

template <class Body>
bool fails_at(long n, Body&& body) {
  failed = false;
  fails_in = n;
  try {
    body();
  } catch (const std::bad_alloc&) {
  } catch (...) {
    fails_in = -1;
    throw;
  }
  fails_in = -1;
  return failed;
}

std::string echo(std::string text) { return text; }

}  // namespace

EACH_POLICY(
    "fault 33: an allocation fails in submit or in unpickling a result: a bad_alloc, and all others are as they were") {
  if (SUPPORT_SANITIZED != 0) return skip("sanitizers have their own allocator");
  for (const std::size_t size : {std::size_t{10}, std::size_t{200}, std::size_t{100'000}}) {
    Trial trial(policy, policy.options(1));
    CHECK(trial.submit(add_one, 1).result(20s) == 2);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto blocker = trial.submit(hold, started, gate, 1);  // what follows waits: for a place, then in the caller
    started.wait_until(1);
    const std::string text(size, 'e');
    std::vector<cf::Future<std::string>> waiting;
    waiting.reserve(100);
    for (int i = 0; i < 5; ++i) waiting.push_back(trial.pool().submit(echo, text));  // the queue has no place left
    long n = 0;
    for (; n < 60; ++n) {
      std::string argument = text;
      const bool hit = fails_at(n, [&] { waiting.push_back(trial.pool().submit(echo, std::move(argument))); });
      if (!hit) break;
    }
    CHECK(n > 0);
    CHECK(n < 60);
    for (int i = 0; i < 5; ++i) waiting.push_back(trial.pool().submit(echo, text));
    gate.open();
    trial.value(blocker, 1);
    std::size_t right = 0;
    for (const auto& future : waiting) {
      try {
        if (future.result(20s) == text) ++right;
      } catch (const std::bad_alloc&) {
      }
    }
    CHECK(right >= 11);
    trial.finish();  // nothing is still counted as on its way, and a shutdown does not wait for what never was
  }
  // While a result is unpickled.
  for (const std::size_t size : {std::size_t{10}, std::size_t{200}, std::size_t{100'000}}) {
    Trial trial(policy, policy.options(1));
    for (long n = 0; n < 30; ++n) {
      auto future = trial.submit(letters_of_size, size);
      const bool hit = fails_at(n, [&] {
        const std::string got = future.result(20s);
        fails_in = -1;
        CHECK(got.size() == size);
      });
      // Resolved one way or the other; not the wait but the unpickling may have failed.
      try {
        const bool right = future.result(20s) == letters_of_size(size);
        CHECK(right);
      } catch (const std::bad_alloc&) {
        CHECK(hit);
      }
      if (!hit) break;
    }
    trial.finish();
  }
}

EACH_POLICY("fault 33: no allocation succeeds while calls are cancelled or failed: none of their futures hangs") {
  if (SUPPORT_SANITIZED != 0) return skip("sanitizers have their own allocator");
  const std::string text(200, 'e');
  {
    Trial trial(policy, policy.options(1));
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto blocker = trial.pool().submit(hold, started, gate, 1);
    started.wait_until(1);
    std::vector<cf::Future<std::string>> waiting;
    for (int i = 0; i < 40; ++i) waiting.push_back(trial.pool().submit(echo, text));
    const bool hit = fails_at(0, [&] { trial.pool().shutdown(false, true); });
    CHECK_FALSE(hit);
    for (const auto& future : waiting) CHECK(future.cancelled());
    gate.open();
    CHECK(blocker.result(20s * busy()) == 1);
  }
  cf::ThreadPoolExecutor threads(1);
  std::atomic<bool> begun{false};
  std::atomic<bool> open{false};
  auto blocker = threads.submit([&] {
    begun = true;
    while (!open) std::this_thread::yield();
  });
  CHECK(eventually([&] { return begun.load(); }));
  std::vector<cf::Future<void>> waiting;
  for (int i = 0; i < 40; ++i) waiting.push_back(threads.submit([] {}));
  const bool hit = fails_at(0, [&] { threads.shutdown(false, true); });
  CHECK_FALSE(hit);
  for (const auto& future : waiting) CHECK(future.cancelled());
  open = true;
  blocker.result(20s * busy());
}

TEST_CASE("CallbackQueue.push: where there is no memory callbacks stay with who has them, and none has run") {
  if (SUPPORT_SANITIZED != 0) return skip("sanitizers have their own allocator");
  namespace detail = cf::detail;
  detail::CallbackQueue queue;
  if (GENERATE(true, false)) queue.set_runner();
  cf::Future<int> future;
  bool called = false;
  future.add_done_callback([&](const auto&) { called = true; });
  future.set_running_or_notify_cancel();
  detail::CallbackList callbacks =
      detail::HandleAccess::state(future)->finish_with_exception(std::make_exception_ptr(1));
  bool pushed = true;
  CHECK(fails_at(0, [&] { pushed = queue.push(callbacks); }));
  CHECK_FALSE(pushed);
  CHECK_FALSE(called);
  CHECK_FALSE(callbacks.empty());
  callbacks.run();
  CHECK(called);
}

EACH_POLICY(
    "fault 33: no memory is left to leave a callback to the manager: it runs where the result came, and counts as "
    "run") {
  if (SUPPORT_SANITIZED != 0) return skip("sanitizers have their own allocator");
  const std::thread::id self = std::this_thread::get_id();
  bool ran_here = false;
  for (int attempt = 0; attempt < 50 && !ran_here; ++attempt) {  // the manager may be the first to see the result
    cf::ProcessPoolOptions options = policy.options(1);
    options.max_pending = 1;
    Trial trial(policy, options);
    auto future = trial.submit(add_one, 1);
    std::atomic<std::thread::id> ran{};
    future.add_done_callback([&](const auto&) { ran = std::this_thread::get_id(); });
    const bool hit = fails_at(0, [&] { CHECK(future.result(20s * busy()) == 2); });
    CHECK(eventually([&] { return ran.load() != std::thread::id(); }));
    ran_here = ran.load() == self;
    if (ran_here) {
      CHECK(hit);
      auto next = trial.pool().try_submit(add_one, 2);  // nothing is kept that it would have to wait for
      REQUIRE(next.has_value());
      CHECK(next->result(20s * busy()) == 3);
    }
    trial.finish();
  }
  CHECK(ran_here);
}
