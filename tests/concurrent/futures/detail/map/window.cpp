// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <concurrent/futures.hpp>
#include <concurrent/futures/detail/map/window.impl.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace cf = concurrent::futures;
using cf::detail::CarriedBytes;
using cf::detail::Deadline;
using cf::detail::MapWindow;

using namespace std::chrono_literals;

namespace {

Deadline in(std::chrono::nanoseconds time) { return std::chrono::steady_clock::now() + time; }

/// A future that is done when the test says so.
struct HeldWorker {
  explicit HeldWorker(cf::ThreadPoolExecutor& pool) : future(pool.submit([this] { open.wait(false); })) {}
  ~HeldWorker() {
    release();
    if (!future.cancelled()) future.result();
  }
  void release() {
    open = true;
    open.notify_all();
  }
  std::atomic<bool> open{false};
  cf::Future<void> future;
};

}  // namespace

TEST_CASE("MapWindow: chunks come in order, then the error, then nothing") {
  cf::ThreadPoolExecutor pool(2);
  MapWindow window(in(20s), false);
  HeldWorker first(pool);
  HeldWorker second(pool);
  window.push(first.future, 3);
  window.push(second.future, 5);
  second.release();
  second.future.result();
  CHECK(window.awaited()->done() == false);
  first.release();
  CHECK(window.next().size == 3);
  CHECK(window.next().size == 5);
  CHECK_FALSE(window.has_ended());
  window.end(std::make_exception_ptr(std::out_of_range("the range")));
  CHECK(window.has_more());
  CHECK_THROWS_AS(window.rethrow_if_empty(), std::out_of_range);
  CHECK_THROWS_AS(window.next(), std::out_of_range);
  CHECK_FALSE(window.has_more());
  CHECK_THROWS_AS(window.next(), cf::InvalidStateError);
}

TEST_CASE("MapWindow: unordered, what is done first comes first") {
  cf::ThreadPoolExecutor pool(2);
  MapWindow window(in(20s), true);
  HeldWorker first(pool);
  HeldWorker second(pool);
  window.push(first.future, 1, 7);
  window.push(second.future, 2, 7);
  second.release();
  const MapWindow::Chunk chunk = window.next();
  CHECK(chunk.size == 2);
  CHECK(chunk.hands == 1);  // what was dealt is not put together again
  first.release();
  CHECK(window.next().size == 1);
  window.end();
  CHECK_FALSE(window.has_more());
}

TEST_CASE("MapWindow: the iteration waits for what others put in, and for no one else") {
  cf::ThreadPoolExecutor pool(1);
  MapWindow window(in(20s), false);
  CHECK(window.has_more());  // it has not ended; but `next` has nothing
  CHECK_FALSE(window.awaited());
  window.expect_others();
  HeldWorker held(pool);
  held.release();
  std::thread other([&] {
    window.push(held.future, 4);
    window.end();
  });
  CHECK(window.next().size == 4);
  CHECK_FALSE(window.has_more());
  other.join();
}

TEST_CASE("MapWindow: closed, it cancels what is there and what comes, detached, it lets both go on") {
  cf::ThreadPoolExecutor pool(1);
  HeldWorker busy(pool);
  auto waits = pool.submit([] { return 1; });
  auto late = pool.submit([] { return 2; });
  auto kept = pool.submit([] { return 3; });
  MapWindow window(in(20s), false);
  window.push(waits, 1);
  window.close();
  CHECK(window.is_closed());
  CHECK(waits.cancelled());
  window.push(late, 1);
  CHECK(late.cancelled());
  window.end(std::make_exception_ptr(std::out_of_range("too late")));
  CHECK(window.error() == nullptr);

  MapWindow other(in(20s), true);
  other.push(kept, 1);
  other.detach();
  busy.release();
  CHECK(kept.result() == 3);
}

TEST_CASE("MapWindow: its timeout says how much was not yielded") {
  cf::ThreadPoolExecutor pool(1);
  HeldWorker busy(pool);
  MapWindow window(in(1ms), false);
  window.push(busy.future, 40);
  auto waits = pool.submit([] { return 1; });
  window.push(waits, 2);
  try {
    window.next();
    FAIL("no timeout");
  } catch (const cf::TimeoutError& error) {
    CHECK(std::string(error.what()).find("with 42 submitted items not yielded") != std::string::npos);
  }
  CHECK(waits.cancelled());
}

TEST_CASE("CarriedBytes: full with 64 MiB on their way, but not before all are busy") {
  CarriedBytes bytes;
  CHECK(bytes.add(1000) == 0);
  std::vector<std::size_t> counts;
  for (int i = 0; i < 63; ++i) counts.push_back(bytes.add(std::size_t{1} << 20));
  CHECK(counts.front() == (std::size_t{1} << 20) + 1000);
  CHECK_FALSE(bytes.is_full(4));
  counts.push_back(bytes.add(std::size_t{1} << 20));
  CHECK(bytes.is_full(4));
  CHECK(bytes.is_full(64));
  CHECK_FALSE(bytes.is_full(65));
  bytes.count_off(counts.back());
  CHECK_FALSE(bytes.is_full(4));
  bytes.add(std::size_t{1} << 19);
  bytes.add(std::size_t{1} << 19);
  CHECK(bytes.is_full(4));
}
