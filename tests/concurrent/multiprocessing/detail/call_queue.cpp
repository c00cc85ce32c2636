// SPDX-License-Identifier: BSL-1.0
// The queue's own code, run by threads of one process, so that ThreadSanitizer sees both ends.
#include <concurrent/multiprocessing/detail/call_queue.hpp>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/segments.hpp"

namespace ipc = concurrent::multiprocessing::detail;
using ipc::RecordState;
using ipc::Stage;
using support::make_segment;

namespace {

void write_record(const ipc::Segment& segment, std::uint32_t record, std::uint64_t content) {
  segment.record(record).size = sizeof content;
  std::memcpy(segment.record(record).bytes, &content, sizeof content);
}
std::uint64_t read_record(const ipc::Segment& segment, std::uint32_t record) {
  std::uint64_t content = 0;
  std::memcpy(&content, segment.record(record).bytes, sizeof content);
  return content;
}

RecordState state_of(const ipc::Segment& segment, std::uint32_t record) {
  return RecordState::unpack(segment.record(record).state.load());
}

}  // namespace

TEST_CASE("claim_call: an empty queue has none, and calls come in the order in which they were placed") {
  const ipc::Segment segment = make_segment(2, 4, 8);
  ipc::CallQueueWriter writer(segment);
  CHECK(ipc::claim_call(segment, 0) == ipc::no_call);
  CHECK_FALSE(ipc::calls_wait(segment));
  for (std::uint32_t record = 0; record < 4; ++record) CHECK(writer.enqueue(7 - record) == record);
  CHECK(writer.full());
  CHECK(ipc::calls_wait(segment));
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint64_t call = ipc::claim_call(segment, i % 2);
    CHECK(ipc::record_of(call) == 7 - i);
    CHECK(ipc::ticket_of(call) == i);
    CHECK(state_of(segment, 7 - i).stage == Stage::claimed);
    CHECK(state_of(segment, 7 - i).worker == i % 2);
  }
  CHECK(ipc::claim_call(segment, 0) == ipc::no_call);
  CHECK_FALSE(ipc::calls_wait(segment));
  CHECK(writer.waiting() == 0);
}

TEST_CASE("CallQueueWriter: it never holds more calls than its capacity, and counts what waits") {
  const ipc::Segment segment = make_segment(1, 3, 100);
  ipc::CallQueueWriter writer(segment);
  std::uint32_t record = 0;
  for (int round = 0; round < 20; ++round) {
    while (!writer.full()) {
      writer.enqueue(record++ % 100);
      CHECK(writer.waiting() <= 3);
    }
    CHECK(writer.waiting() == 3);
    ipc::claim_call(segment, 0);
    CHECK(writer.waiting() == 2);
    CHECK_FALSE(writer.full());
  }
}

TEST_CASE("CallQueueWriter.withdraw: a call that waits can be taken back once, one that a worker has cannot") {
  const ipc::Segment segment = make_segment(1, 4, 8);
  ipc::CallQueueWriter writer(segment);
  const auto first = writer.enqueue(0);
  const auto second = writer.enqueue(1);
  const auto third = writer.enqueue(2);
  CHECK(ipc::record_of(ipc::claim_call(segment, 0)) == 0);
  CHECK_FALSE(writer.withdraw(0, first));
  CHECK(writer.withdraw(1, second));
  CHECK_FALSE(writer.withdraw(1, second));
  CHECK(ipc::record_of(ipc::claim_call(segment, 0)) == 2);  // the one between is passed over
  CHECK_FALSE(writer.withdraw(2, third));
  CHECK(ipc::claim_call(segment, 0) == ipc::no_call);
}

TEST_CASE("CallQueueWriter.withdraw: a withdrawn record may be used again at once, under its new ticket") {
  const ipc::Segment segment = make_segment(1, 4, 8);
  ipc::CallQueueWriter writer(segment);
  const auto before = writer.enqueue(5);
  CHECK(writer.withdraw(5, before));
  const auto after = writer.enqueue(5);
  CHECK_FALSE(writer.withdraw(5, before));
  const std::uint64_t call = ipc::claim_call(segment, 0);
  CHECK(ipc::record_of(call) == 5);
  CHECK(ipc::ticket_of(call) == after);
  CHECK(ipc::claim_call(segment, 0) == ipc::no_call);
}

TEST_CASE("claim_call: a worker that stops between its claim and its step holds nobody up") {
  const ipc::Segment segment = make_segment(2, 2, 64);
  ipc::CallQueueWriter writer(segment);
  for (std::uint32_t round = 0; round < 20; ++round) {
    const auto stuck = writer.enqueue(2 * round);
    const auto free = writer.enqueue(2 * round + 1);
    // What worker 1 does before it is stopped.
    std::uint64_t ready = RecordState{stuck, ipc::no_worker, Stage::ready}.pack();
    REQUIRE(
        segment.record(2 * round).state.compare_exchange_strong(ready, RecordState{stuck, 1, Stage::claimed}.pack()));
    CHECK(writer.waiting() == 1);
    const std::uint64_t call = ipc::claim_call(segment, 0);
    CHECK(ipc::ticket_of(call) == free);
    CHECK(ipc::record_of(call) == 2 * round + 1);
    CHECK(ipc::claim_call(segment, 0) == ipc::no_call);
  }
}

TEST_CASE("CallQueueWriter.place: it moves a head that a dead worker left behind before it uses the place again") {
  const ipc::Segment segment = make_segment(2, 2, 8);
  ipc::CallQueueWriter writer(segment);
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto ticket = writer.enqueue(i);
    std::uint64_t ready = RecordState{ticket, ipc::no_worker, Stage::ready}.pack();
    segment.record(i).state.compare_exchange_strong(ready, RecordState{ticket, 1, Stage::claimed}.pack());
  }
  CHECK(segment.queue().head.load() == 0);
  CHECK_FALSE(writer.full());
  CHECK(writer.enqueue(2) == 2);
  CHECK(ipc::record_of(ipc::claim_call(segment, 0)) == 2);
}

TEST_CASE("claim_call: words that a rogue worker has written end no other worker and are put right") {
  const ipc::Segment segment = make_segment(2, 4, 8);
  ipc::CallQueueWriter writer(segment);
  for (std::uint32_t i = 0; i < 3; ++i) writer.enqueue(i);
  const auto head = GENERATE(as<std::uint64_t>{}, 0U, 1U, 2U, 3U, 1000U, std::uint64_t{1} << 40, ~std::uint64_t{0});
  const auto tail = GENERATE(as<std::uint64_t>{}, 0U, 3U, 7U, 1000U, std::uint64_t{1} << 63, ~std::uint64_t{0});
  const auto entry = GENERATE(as<std::uint64_t>{}, 0U, 0xFFFFFFU, ~std::uint64_t{0});
  segment.queue().head = head;
  segment.queue().tail = tail;
  segment.queue_entry(1) = entry;
  const support::DeadlineGuard deadline("claims from a damaged queue");
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t call = ipc::claim_call(segment, 0);
    if (call == ipc::no_call) break;
    CHECK(ipc::record_of(call) < 8);
  }
  writer.repair();
  CHECK(segment.queue().tail.load() == 3);
  while (ipc::claim_call(segment, 1) != ipc::no_call) {
  }
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(state_of(segment, i).stage == Stage::claimed);
}

TEST_CASE("CallQueue: under many threads each call is taken by exactly one worker, or withdrawn, and arrives whole") {
  constexpr std::uint32_t workers = 3;
  constexpr std::uint32_t records = 8;
  constexpr std::uint64_t calls = 300'000 / support::slowness;
  const support::DeadlineGuard deadline("stress of the call queue");
  const ipc::Segment segment = make_segment(workers, workers + 1, records);
  const auto taken = std::make_unique<std::atomic<std::uint8_t>[]>(calls);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      std::uint64_t last = 0;
      for (;;) {
        const std::uint64_t call = ipc::claim_call(segment, worker);
        if (call == ipc::no_call) {
          if (stop.load() && !ipc::calls_wait(segment)) return;
          std::this_thread::yield();
          continue;
        }
        const std::uint32_t record = ipc::record_of(call);
        const std::uint64_t content = read_record(segment, record);
        if (content >= calls || content < last || taken[content].fetch_add(1) != 0) wrong.fetch_add(1);
        last = content;
        // What the caller does when it has the result.
        segment.record(record).state.store(RecordState{}.pack(), std::memory_order_release);
      }
    });
  }
  ipc::CallQueueWriter writer(segment);
  std::uint64_t withdrawn = 0;
  std::uint32_t record = 0;
  for (std::uint64_t content = 0; content < calls; ++content) {
    while (writer.full()) std::this_thread::yield();
    for (;; std::this_thread::yield()) {  // some worker is done with a record some time
      bool found = false;
      for (std::uint32_t i = 0; i < records && !found; ++i) {
        record = (record + 1) % records;
        found = RecordState::unpack(segment.record(record).state.load(std::memory_order_acquire)).stage == Stage::free;
      }
      if (found) break;
    }
    write_record(segment, record, content);
    const std::uint64_t ticket = writer.enqueue(record);
    if (content % 7 == 0 && writer.withdraw(record, ticket)) {
      ++withdrawn;
      if (taken[content].fetch_add(1) != 0) wrong.fetch_add(1);
      segment.record(record).state.store(RecordState{}.pack(), std::memory_order_release);
    }
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong.load() == 0);
  CHECK(withdrawn > 0);
  std::uint64_t missing = 0;
  for (std::uint64_t content = 0; content < calls; ++content) missing += taken[content].load() == 1 ? 0U : 1U;
  CHECK(missing == 0);
}

TEST_CASE("CallQueueWriter: it tells whether another call is the oldest that waits than when it was last asked") {
  const ipc::Segment segment = make_segment(2, 4, 8);
  ipc::CallQueueWriter writer(segment);
  writer.enqueue(0);
  writer.enqueue(1);
  CHECK(writer.moves_on());
  CHECK_FALSE(writer.moves_on());
  writer.enqueue(2);  // behind it
  CHECK_FALSE(writer.moves_on());
  CHECK(ipc::claim_call(segment, 0) != ipc::no_call);
  CHECK(writer.moves_on());
  CHECK_FALSE(writer.moves_on());
  CHECK(writer.withdraw(1, 1));
  CHECK(writer.moves_on());
  CHECK_FALSE(writer.moves_on());
}
