// SPDX-License-Identifier: BSL-1.0
// What the shared memory shows of the call queue while a pool works as fast as it can.
#include "faults/segment_of.hpp"

using namespace faults;

namespace {

/// The most calls that were ever seen to wait in the queue, by the thread that fills it.
std::uint64_t deepest(int extra_queued_calls) {
  cf::ProcessPoolOptions options;
  options.max_workers = 2;
  options.extra_queued_calls = extra_queued_calls;
  cf::ProcessPoolExecutor pool(options);
  const ipc::CallQueue& queue = Found::here().header().queue;
  std::vector<cf::Future<int>> futures;
  std::uint64_t most = 0;
  for (int i = 0; i < 20'000 / slowness; ++i) {
    futures.push_back(pool.submit(add_one, i));
    const std::uint64_t tail = queue.tail.load();  // first: `head` only moves on
    const std::uint64_t head = queue.head.load();
    if (head <= tail) most = std::max(most, tail - head);
  }
  for (auto& future : futures) future.result(60s * busy());
  return most;
}

}  // namespace

TEST_CASE("call queue: at full speed never more than max_workers + 1 calls wait in it, unless more are asked for") {
  const support::LeakCheck leaks;
  CHECK(deepest(1) <= 3);
  const std::uint64_t more = deepest(64);
  CHECK(more > 3);  // which shows that the look above would have seen them
  CHECK(more <= 66);
}

TEST_CASE(
    "submit: while calls are submitted one after the other no worker wakes anybody, even before the first result") {
  const support::LeakCheck leaks;
  cf::ProcessPoolExecutor pool(1);
  const auto started = Counter::make();
  const auto gate = Gate::make();
  std::vector<cf::Future<int>> futures{pool.submit(hold, started, gate, 1)};
  started.wait_until(1);
  const ipc::CallerWords& words = Found::here().header().caller;
  const auto somebody_polls = [&] { return (words.poller.load() & ipc::poller_mask) == ipc::poller_polls; };
  CHECK(eventually([&] { return !somebody_polls(); }));
  CHECK(eventually([&] {
    futures.push_back(pool.submit(add_one, 1));
    return somebody_polls();
  }));
  gate.open();
  for (auto& future : futures) future.result(60s * busy());
}

TEST_CASE(
    "worker: it says that it polls for calls while it does, so that nobody is woken for them, and then that it "
    "sleeps") {
  const support::LeakCheck leaks;
  cf::ProcessPoolOptions options;
  options.max_workers = 1;
  options.spin = mp::Spin::at_most(2s);
  cf::ProcessPoolExecutor pool(options);
  const auto status = [&] { return static_cast<ipc::WorkerStatus>(Found::here().worker(0).status.load()); };
  for (int i = 0; i < 3; ++i) {
    CHECK(pool.submit(add_one, i).result(20s * busy()) == i + 1);
    CHECK(eventually([&] { return status() == ipc::WorkerStatus::polling; }));
  }
  CHECK(eventually([&] { return status() == ipc::WorkerStatus::asleep; }));
}
