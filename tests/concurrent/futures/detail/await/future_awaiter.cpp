// SPDX-License-Identifier: BSL-1.0
// To wait for a future in a coroutine, or as a sender, takes no memory.
#include <concurrent/futures/coroutine.hpp>
#include <concurrent/futures/execution.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/detached.hpp"
#include "support/leak_check.hpp"
#include "support/sanitizers.hpp"

namespace cf = concurrent::futures;

#if !SUPPORT_SANITIZED
using support::Detached;

namespace {
thread_local std::size_t allocations = 0;  // of this thread
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr int futures_waited_for = 1000;

Detached sum_up(const std::vector<cf::Future<int>>& futures, int& sum) {
  for (const auto& future : futures) sum += co_await future;
}
Detached sum_up_last_handles(std::vector<cf::Future<int>> futures, int& sum) {
  for (auto& future : futures) sum += co_await std::move(future);
}

struct SumReceiver {
  using receiver_concept = cf::execution::receiver_tag;
  int* sum;
  void set_value(int value) && noexcept { *sum += value; }
  void set_error(const std::exception_ptr& /*error*/) && noexcept { *sum = -1; }
  void set_stopped() && noexcept { *sum = -1; }
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "co_await: allocates nothing, whether the future is done or not") {
  std::vector<cf::Future<int>> futures(futures_waited_for);
  const std::vector<cf::Future<int>> kept = futures;
  int sum = 0;
  int moved = 0;
  sum_up(futures, sum);
  sum_up_last_handles(std::move(futures), moved);  // both wait for the first now, and go on from one to the next
  const std::size_t before = allocations;
  for (const auto& future : kept) future.set_result(1);
  CHECK(allocations - before == 0);
  CHECK(sum == futures_waited_for);
  CHECK(moved == futures_waited_for);
  const std::size_t again = allocations;
  sum_up(kept, sum);
  CHECK(allocations - again <= 1);  // the frame
  CHECK(sum == 2 * futures_waited_for);
}

TEST_CASE_METHOD(support::LeakChecked, "as_sender: allocates nothing") {
  int sum = 0;
  std::size_t most = 0;
  for (int i = 0; i < futures_waited_for; ++i) {
    const cf::Future<int> future;
    const std::size_t before = allocations;
    auto operation = cf::execution::connect(cf::as_sender(future), SumReceiver{&sum});
    cf::execution::start(operation);
    future.set_result(1);
    most = std::max(most, allocations - before);
  }
  CHECK(most == 0);
  CHECK(sum == futures_waited_for);
}
#endif
