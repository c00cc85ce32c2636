// SPDX-License-Identifier: BSL-1.0
// Without a pool and without a worker: the test writes to the ring what one might.
#include <concurrent/futures/detail/process_pool/result_receiver.impl.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/result_ring.hpp"

using concurrent::futures::detail::ResultItem;
using concurrent::futures::detail::ResultReceiver;
using support::ring_capacity;
using support::short_result;
using support::WrittenResult;
using Take = ResultReceiver::Take;

namespace ipc = support::ipc;

namespace {

std::string text_of(const ResultItem& item) {
  const auto content = item.content();
  return std::string(reinterpret_cast<const char*>(content.data()), content.size());
}

/// Two slots, a worker in each.
struct Rings {
  Rings() {
    receiver.open(segment);
    receiver.begin(0);
    receiver.begin(1);
  }
  std::uint64_t first_block(std::uint32_t worker) const {
    return segment.offset_of(segment.worker_region(worker).data()) + sizeof(ipc::Block);
  }
  std::uint64_t end_of_region(std::uint32_t worker) const {
    const auto region = segment.worker_region(worker);
    return segment.offset_of(region.data()) + region.size();
  }
  /// A block at the beginning of the worker's region with this in it, as the worker would have left it.
  WrittenResult in_block(std::uint32_t worker, std::string_view text) {
    WrittenResult result;
    result.size = text.size();
    result.offset = first_block(worker);
    REQUIRE(segment.reach_worker_block(worker, result.offset, result.size));
    std::memcpy(segment.base() + result.offset, text.data(), text.size());
    block(worker).busy.store(1);
    return result;
  }
  ipc::Block& block(std::uint32_t worker) {
    return *reinterpret_cast<ipc::Block*>(segment.base() + first_block(worker) - sizeof(ipc::Block));
  }

  ipc::Segment segment = support::segment_with_rings(2);
  ResultReceiver receiver;
  ResultItem item;
};

}  // namespace

TEST_CASE("ResultReceiver: results come in the order in which they were published, ring after ring") {
  Rings rings;
  CHECK_FALSE(rings.receiver.ready());
  CHECK(rings.receiver.take(0, rings.item) == Take::none);
  std::uint64_t written = 0;
  std::uint64_t taken = 0;
  for (int round = 0; round < 5; ++round) {
    for (std::uint32_t i = 0; i < ring_capacity - 1; ++i)
      short_result("result " + std::to_string(written)).write(rings.segment, 1, written), ++written;
    CHECK(rings.receiver.ready());
    CHECK_FALSE(rings.receiver.ready(0));
    CHECK(rings.receiver.count(1) == ring_capacity - 1);
    while (rings.receiver.take(1, rings.item) == Take::item) {
      CHECK(text_of(rings.item) == "result " + std::to_string(taken));
      CHECK(rings.item.call == ipc::pack_call(5, 3));
      CHECK(rings.item.nonce == 77);
      CHECK(rings.item.outcome == ipc::Outcome::value);
      ++taken;
    }
    rings.receiver.tell_worker(1);
    CHECK(rings.segment.worker(1).consumed.load() == taken);
    CHECK_FALSE(rings.receiver.ready());
  }
  CHECK(taken == written);
}

TEST_CASE("ResultReceiver: what has been taken stays as it was, whatever is written there later") {
  Rings rings;
  short_result("as it was").write(rings.segment, 0, 0);
  REQUIRE(rings.receiver.take(0, rings.item) == Take::item);
  std::memset(static_cast<void*>(&rings.segment.result(0, 0)), 0xFF, sizeof(ipc::ResultEntry));
  CHECK(text_of(rings.item) == "as it was");
  CHECK(rings.item.size == 9);
  rings.receiver.give_back(0, rings.item);  // nothing to give back
  CHECK_FALSE(rings.receiver.is_read(0));
}

TEST_CASE("ResultReceiver: a worker that waits for room is woken") {
  Rings rings;
  ipc::WorkerEntry& entry = rings.segment.worker(0);
  short_result("").write(rings.segment, 0, 0);
  REQUIRE(rings.receiver.take(0, rings.item) == Take::item);
  entry.wake.store(1);
  rings.receiver.tell_worker(0);
  CHECK(entry.wake.load() == 1);
  entry.waits_for_room.store(1);
  rings.receiver.tell_worker(0);
  CHECK(entry.wake.load() == 0);
}

TEST_CASE("ResultReceiver: a block is kept from others until it has been given back") {
  Rings rings;
  rings.in_block(0, "a large result").write(rings.segment, 0, 0);
  REQUIRE(rings.receiver.take(0, rings.item) == Take::item);
  CHECK(text_of(rings.item) == "a large result");
  CHECK(rings.receiver.is_read(0));
  CHECK_FALSE(rings.receiver.is_read(1));
  rings.receiver.end(0);
  CHECK(rings.receiver.is_read(0));
  CHECK(rings.block(0).busy.load() == 1);
  rings.receiver.give_back(0, rings.item);
  CHECK(rings.block(0).busy.load() == 0);
  CHECK_FALSE(rings.receiver.is_read(0));
}

TEST_CASE("ResultReceiver: what waits can be counted and looked for without taking it") {
  Rings rings;
  for (std::uint64_t i = 0; i < ring_capacity; ++i) {
    WrittenResult result = short_result("x");
    result.call = ipc::pack_call(i, 2);
    result.write(rings.segment, 0, i);
  }
  CHECK(rings.receiver.count(0) == ring_capacity);  // and no further, though the ring is full
  CHECK(rings.receiver.holds(0, ipc::pack_call(0, 2)));
  CHECK(rings.receiver.holds(0, ipc::pack_call(ring_capacity - 1, 2)));
  CHECK_FALSE(rings.receiver.holds(0, ipc::pack_call(ring_capacity, 2)));
  REQUIRE(rings.receiver.take(0, rings.item) == Take::item);
  CHECK_FALSE(rings.receiver.holds(0, ipc::pack_call(0, 2)));
  CHECK(rings.receiver.count(0) == ring_capacity - 1);
  rings.receiver.distrust(0);
  CHECK(rings.receiver.count(0) == 0);
}

TEST_CASE("ResultReceiver: another worker in the slot begins where its predecessor stopped, and with an empty ring") {
  Rings rings;
  for (std::uint64_t i = 0; i < 3; ++i) short_result("old").write(rings.segment, 0, i);
  REQUIRE(rings.receiver.take(0, rings.item) == Take::item);
  rings.receiver.distrust(0);
  CHECK(rings.receiver.take(0, rings.item) == Take::none);
  rings.receiver.end(0);
  CHECK_FALSE(rings.receiver.ready());  // though something stands there
  rings.receiver.begin(0);
  CHECK_FALSE(rings.receiver.is_distrusted(0));
  CHECK_FALSE(rings.receiver.ready());
  CHECK(rings.segment.worker(0).first_position == 1);
  CHECK(rings.segment.worker(0).consumed.load() == 1);
  short_result("new").write(rings.segment, 0, 1);
  REQUIRE(rings.receiver.take(0, rings.item) == Take::item);
  CHECK(text_of(rings.item) == "new");
}

TEST_CASE("ResultReceiver: a result that cannot be is refused, and nothing after it is taken") {
  Rings rings;
  const std::uint64_t first = rings.first_block(0);
  const std::uint64_t end = rings.end_of_region(0);
  constexpr auto most = ~std::uint64_t{0};
  struct Case {
    const char* what;
    WrittenResult result;
  };
  std::vector<Case> cases;
  const auto add = [&](const char* name, std::uint64_t size, std::uint64_t offset) {
    WrittenResult result;
    result.size = size;
    result.offset = offset;
    cases.push_back({name, result});
  };
  add("longer than an entry", ipc::ResultEntry::inline_capacity + 1, 0);
  add("as long as can be", most, 0);
  add("a block that is not aligned", 8, first + 8);
  add("a block before its region", 8, first - 2 * ipc::cache_line);
  add("a block where its region's first header is", 8, first - ipc::cache_line);
  add("a block in the segment's header", 8, ipc::cache_line);
  add("a block of the caller's", 8, rings.segment.offset_of(rings.segment.caller_region().data()) + 4096);
  add("a block of another worker's", 8, rings.first_block(1));
  add("a block beyond the segment", 8, rings.segment.geometry().size + ipc::cache_line);
  add("a block at the end of the address space", 8, most - ipc::cache_line + 1);
  add("a block that ends beyond its region", 2 * ipc::cache_line, end - ipc::cache_line);
  add("a block whose end wraps around", most, first);
  add("a block whose end wraps around to its region", most - first + 2, first);
  for (const std::uint32_t outcome : {0u, 3u, 0x80000001u, ~0u}) {
    WrittenResult result = short_result("x");
    result.outcome = outcome;
    cases.push_back({"an outcome that there is not", result});
  }
  WrittenResult value = short_result("x");
  value.call = ipc::finalizer_call;
  cases.push_back({"a finalizer with a value", value});

  for (const Case& one : cases) {
    CAPTURE(one.what, one.result.size, one.result.offset, one.result.outcome);
    const std::uint64_t position = rings.segment.worker(0).first_position;
    one.result.write(rings.segment, 0, position);
    short_result("good").write(rings.segment, 0, position + 1);
    CHECK(rings.receiver.take(0, rings.item) == Take::malformed);
    CHECK(rings.receiver.is_distrusted(0));
    CHECK_FALSE(rings.receiver.is_read(0));
    CHECK(rings.receiver.take(0, rings.item) == Take::none);
    rings.receiver.end(0);
    rings.receiver.begin(0);
  }
  // What the others must not have been refused for: the last bytes of a region, and nothing at all at its end.
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{ipc::cache_line}}) {
    WrittenResult result;
    result.size = size;
    result.offset = end - size;
    const std::uint64_t position = rings.segment.worker(0).first_position;
    result.write(rings.segment, 0, position);
    CHECK(rings.receiver.take(0, rings.item) == Take::item);
    rings.receiver.give_back(0, rings.item);
    rings.receiver.end(0);
    rings.receiver.begin(0);
  }
}

TEST_CASE("ResultReceiver: a result of which one bit is another is refused") {
  Rings rings;
  const auto refused = [&](auto change) {
    const std::uint64_t position = rings.segment.worker(0).first_position;
    short_result("eight ch").write(rings.segment, 0, position);
    change(rings.segment.result(0, position));
    const bool is_refused = rings.receiver.take(0, rings.item) == Take::malformed;
    rings.receiver.end(0);
    rings.receiver.begin(0);
    return is_refused;
  };
  CHECK_FALSE(refused([](ipc::ResultEntry&) {}));
  for (unsigned bit = 0; bit < 64; ++bit) {
    CAPTURE(bit);
    const std::uint64_t mask = std::uint64_t{1} << bit;
    CHECK(refused([&](ipc::ResultEntry& entry) { entry.call ^= mask; }));
    CHECK(refused([&](ipc::ResultEntry& entry) { entry.nonce ^= mask; }));
    CHECK(refused([&](ipc::ResultEntry& entry) { entry.size ^= mask; }));
    CHECK(refused([&](ipc::ResultEntry& entry) { entry.offset ^= mask; }));
    CHECK(refused([&](ipc::ResultEntry& entry) { entry.checksum ^= mask; }));
    CHECK(refused(
        [&](ipc::ResultEntry& entry) { entry.bytes[bit / 8] ^= static_cast<std::byte>(std::uint32_t{1} << bit % 8); }));
  }
  CHECK(refused([](ipc::ResultEntry& entry) { entry.outcome = static_cast<std::uint32_t>(ipc::Outcome::exception); }));
}

TEST_CASE("ResultReceiver: a worker that waits for room is woken when some has been taken, and no other") {
  Rings rings;
  ipc::WorkerEntry& entry = rings.segment.worker(0);
  entry.wake.store(1);
  rings.receiver.tell_worker(0);
  CHECK(entry.wake.load() == 1);
  entry.waits_for_room.store(1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::atomic<bool> waits{false};
  std::thread worker([&] {
    waits = true;
    while (entry.wake.load() != 0 && std::chrono::steady_clock::now() < deadline)
      ipc::futex_wait(entry.wake, 1, deadline, true);
  });
  while (!waits) std::this_thread::yield();
  for (ipc::Polling moment(5'000'000); moment.again();) {  // in which it falls asleep; if not, this test shows less
  }
  rings.receiver.tell_worker(0);
  worker.join();
  CHECK(std::chrono::steady_clock::now() < deadline);
}
