// SPDX-License-Identifier: BSL-1.0
// The ledger of calls and their way to the workers, without a pool: this test plays both the pool and its workers.
#include <concurrent/futures/detail/process_pool/call_ledger.hpp>
#include <concurrent/futures/detail/process_pool/call_sender.impl.hpp>
#include <concurrent/futures/process.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/segments.hpp"

namespace detail = concurrent::futures::detail;
namespace ipc = concurrent::multiprocessing::detail;
using detail::CallLedger;
using detail::CallLocation;
using detail::CallSender;
using detail::CallState;

namespace {

struct Call final : detail::WorkItem {
  detail::FutureStateBase& state() noexcept override { std::abort(); }
  detail::CallbackList load(concurrent::pickle::Reader&) override { return {}; }
};

std::unique_ptr<Call> make_call(std::uint64_t content, int priority = 0, bool timed = false) {
  auto call = std::make_unique<Call>();
  call->size = sizeof content;
  call->keep_bytes(reinterpret_cast<const std::byte*>(&content));
  if (priority != 0 || timed)
    call->options = concurrent::pickle::detail::UniquePointer<concurrent::futures::TaskOptions>::make();
  if (priority != 0) call->options->priority = priority;
  if (timed) call->options->timeout = std::chrono::seconds(1);
  return call;
}

/// What a pool has of calls, and of the memory that it shares with its workers.
struct Calls {
  explicit Calls(std::uint32_t workers, std::uint32_t queued = 4) : segment(support::make_segment(workers, queued, 8)) {
    ledger.grow(8);
    sender.open(segment);
  }
  /// With a record, in which it has been written. `bytes`: null for one that lies in a block.
  ipc::CallRecord& write(Call& call, const std::byte* bytes) {
    ledger.enter(call);
    ledger.add(call);
    ledger.give_record(call);
    sender.write(call, bytes);
    return segment.record(call.record);
  }
  void send(Call& call) {
    write(call, call.waiting_bytes());
    sender.enqueue(call, ledger.mark_sent(call));
  }

  ipc::Segment segment;
  CallLedger ledger{1};
  CallSender sender;
};

}  // namespace

TEST_CASE("CallLedger: a call is in one place, and outstanding until it is closed, whatever happens to it") {
  constexpr std::uint32_t records = 5;
  CallLedger ledger(1234);
  ledger.grow(records);
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Call>> calls;
  std::set<std::uint64_t> nonces;
  for (int step = 0; step < 20'000; ++step) {
    if (calls.empty() || random() % 3 == 0) {
      auto call = make_call(0, static_cast<int>(random() % 3) - 1, random() % 2 == 0);
      ledger.enter(*call);
      ledger.add(*call);
      ledger.keep_waiting(*call);
      calls.push_back(std::move(call));
      continue;
    }
    Call& call = *calls[random() % calls.size()];
    switch (call.location) {
      case CallLocation::waiting:
        if (!call.has_record && !ledger.has_free_record()) break;
        ledger.stop_waiting(call);
        if (!call.has_record) ledger.give_record(call);
        REQUIRE(nonces.insert(ledger.mark_sent(call)).second);
        break;
      case CallLocation::sent:
        call.ticket = random();
        REQUIRE(ledger.match(ipc::pack_call(call.ticket, call.record), call.nonce) == &call);
        REQUIRE(ledger.match(ipc::pack_call(call.ticket, call.record), call.nonce + 1) == nullptr);
        REQUIRE(ledger.match(ipc::pack_call(call.ticket + 1, call.record), call.nonce) == nullptr);
        REQUIRE(ledger.match(ipc::pack_call(call.ticket, records), call.nonce) == nullptr);
        call.location = CallLocation::settling;
        REQUIRE(ledger.match(ipc::pack_call(call.ticket, call.record), call.nonce) == nullptr);
        break;
      default:
        if (random() % 2 == 0) {
          ledger.put_back(call);
          if (call.priority() == 0 && ledger.waiting() == 1) REQUIRE(ledger.first_waiting() == &call);
          break;
        }
        ledger.take_record(call);
        REQUIRE_FALSE(call.has_record);
        ledger.close(call);
        REQUIRE(call.location == CallLocation::gone);
        std::erase_if(calls, [&](const auto& each) { return each.get() == &call; });
    }
    std::size_t waiting = 0;
    std::size_t with_record = 0;
    std::size_t timed = 0;
    std::size_t sent = 0;
    for (const auto& each : calls) {
      if (each->location == CallLocation::waiting) ++waiting;
      if (each->has_record) ++with_record;
      if (each->has_record && each->is_timed()) ++timed;
      if (each->location == CallLocation::sent) ++sent;
    }
    std::size_t visited = 0;
    ledger.for_each_sent([&](detail::WorkItem&) { ++visited; });
    REQUIRE(ledger.outstanding() == calls.size());
    REQUIRE(ledger.waiting() == waiting);
    REQUIRE(ledger.has_free_record() == (with_record < records));
    REQUIRE(ledger.timed().size() == timed);
    REQUIRE(visited == sent);
  }
  for (const auto& call : calls) {
    if (!call->has_record) call->drop_bytes();
  }
}

TEST_CASE("CallSender: what a worker does to a call is seen, and only what has not begun comes back") {
  Calls all(2, 4);
  std::vector<std::unique_ptr<Call>> calls;
  for (std::uint64_t content : {10u, 11u, 12u}) {
    calls.push_back(make_call(content));
    Call& call = *calls.back();
    all.send(call);
    CHECK(all.segment.record(call.record).nonce == call.nonce);
    CHECK(all.sender.look(call).stage == CallState::Stage::waiting);
  }
  CHECK(all.sender.waiting() == 3);
  CHECK(all.sender.moves_on());
  CHECK_FALSE(all.sender.moves_on());

  const std::uint64_t first = ipc::claim_call(all.segment, 1);
  CHECK(ipc::record_of(first) == calls[0]->record);
  CHECK(all.sender.look(*calls[0]).stage == CallState::Stage::claimed);
  CHECK(all.sender.look(*calls[0]).worker == 1);
  CHECK(all.sender.look(*calls[0]).is_taken());
  CHECK_FALSE(all.sender.look(*calls[1]).is_taken());
  CHECK_FALSE(all.sender.withdraw(*calls[0]));
  CHECK(all.sender.moves_on());
  CHECK(all.sender.withdraw(*calls[1]));
  CHECK(all.sender.take_back(*calls[0]));  // claimed, not begun
  CHECK(all.sender.look(*calls[0]).stage == CallState::Stage::lost);

  ipc::claim_call(all.segment, 0);
  all.segment.record(calls[2]->record).state.store(ipc::RecordState{calls[2]->ticket, 0, ipc::Stage::started}.pack());
  CHECK(all.sender.look(*calls[2]).is_started());
  CHECK(all.sender.look(*calls[2]).is_taken());
  CHECK_FALSE(all.sender.take_back(*calls[2]));

  // One that was taken back may be sent again, with another nonce; what wrote the old one is not believed.
  const std::uint64_t old_call = ipc::pack_call(calls[0]->ticket, calls[0]->record);
  const std::uint64_t old_nonce = calls[0]->nonce;
  all.sender.enqueue(*calls[0], all.ledger.mark_sent(*calls[0]));
  CHECK(calls[0]->nonce != old_nonce);
  CHECK(all.ledger.match(old_call, old_nonce) == nullptr);
  CHECK(all.sender.look(*calls[0]).stage == CallState::Stage::waiting);
}

TEST_CASE("CallSender: whatever a rogue task writes over a record, its call is lost or with a worker that there is") {
  Calls all(3, 4);
  const auto call = make_call(1);
  all.send(*call);
  ipc::Shared<std::uint64_t>& word = all.segment.record(call->record).state;
  const std::uint64_t right = word.load();
  std::mt19937_64 random(5);
  for (int i = 0; i < 1'000'000; ++i) {
    const std::uint64_t written = i % 2 == 0 ? random() : right ^ (random() & 0xFFFFFF);
    word.store(written);
    const CallState state = all.sender.look(*call);
    const auto says = ipc::RecordState::unpack(written);
    if (says.ticket != (call->ticket & ipc::ticket_mask)) REQUIRE(state.stage == CallState::Stage::lost);
    if (state.is_taken()) REQUIRE(state.worker < 3);
    if (state.stage == CallState::Stage::waiting) REQUIRE(written == right);
  }
}

TEST_CASE("CallSender: what a rogue task writes over the queue's own words is put right") {
  Calls all(1, 4);
  const auto call = make_call(1);
  all.send(*call);
  const std::uint64_t expected = ipc::pack_call(call->ticket, call->record);
  all.segment.queue_entry(call->ticket).store(12345);
  all.segment.queue().head.store(99);
  all.segment.queue().tail.store(7);
  CHECK(ipc::claim_call(all.segment, 0) == ipc::no_call);
  all.sender.repair();
  CHECK(ipc::claim_call(all.segment, 0) == expected);
}

TEST_CASE("CallSender: a record says where its call lies, how long it is and what it must add up to") {
  Calls all(1, 4);
  const auto small = make_call(0x1122334455667788, 0, true);
  const ipc::CallRecord& inline_record = all.write(*small, small->waiting_bytes());
  CHECK(inline_record.size == 8);
  CHECK(std::memcmp(inline_record.bytes, small->waiting_bytes(), 8) == 0);
  CHECK(inline_record.flags == ipc::CallRecord::timed);
  CHECK(inline_record.checksum == ipc::checksum_of_call(8, 0, inline_record.flags, small->waiting_bytes()));

  const auto large = make_call(0);
  large->traced = true;
  large->size = 100'000;
  large->block.address = all.segment.caller_region().data() + 4096;
  const ipc::CallRecord& block_record = all.write(*large, nullptr);
  CHECK(block_record.offset() == all.segment.offset_of(large->block.address));
  CHECK(block_record.size == 100'000);
  CHECK(block_record.flags == (ipc::CallRecord::traced | ipc::CallRecord::in_block));
  CHECK(block_record.checksum == ipc::checksum_of_call(100'000, block_record.offset(), block_record.flags, nullptr));
}

namespace {

/// Workers in the slots of a pool, as they say they are.
struct Workers {
  explicit Workers(ipc::Segment& of) : segment(of) {
    table.open(6, 6);
    for (std::uint32_t slot = 0; slot < 5; ++slot) table.occupy(slot, slot, detail::Deadline{});
  }
  void set(std::uint32_t slot, ipc::WorkerStatus status) {
    segment.worker(slot).status.store(static_cast<std::uint32_t>(status));
    const bool asleep = status == ipc::WorkerStatus::asleep;
    segment.worker(slot).wake.store(asleep ? 1 : 0);
    if (asleep) segment.sleepers(0).fetch_or(std::uint64_t{1} << slot);
  }
  /// Those that have been woken, as bits; their sleepers' bits are gone.
  unsigned woken() const {
    unsigned bits = 0;
    for (std::uint32_t slot = 0; slot < 6; ++slot) {
      const bool says_asleep =
          segment.worker(slot).status.load() == static_cast<std::uint32_t>(ipc::WorkerStatus::asleep);
      const bool is_woken = segment.worker(slot).wake.load() == 0;
      if (!says_asleep || !is_woken) continue;
      bits |= 1u << slot;
      CHECK((segment.sleepers(0).load() >> slot & 1) == 0);
    }
    return bits;
  }
  ipc::Segment& segment;
  detail::WorkerTable table;
};

}  // namespace

TEST_CASE("CallSender: as many sleeping workers are woken as calls wait for whom nobody is awake, the lowest first") {
  using ipc::WorkerStatus;
  for (unsigned calls = 0; calls <= 4; ++calls) {
    for (unsigned polling = 0; polling <= 2; ++polling) {
      Calls all(6, 8);
      Workers workers(all.segment);
      for (std::uint32_t slot = 0; slot < 5; ++slot)
        workers.set(slot, slot < polling ? WorkerStatus::polling
                          : slot == 4    ? WorkerStatus::busy
                                         : WorkerStatus::asleep);
      workers.set(5, WorkerStatus::asleep);  // left behind by one that is not there
      std::vector<std::unique_ptr<Call>> sent;
      for (unsigned i = 0; i < calls; ++i) {
        sent.push_back(make_call(i));
        all.send(*sent.back());
      }
      all.sender.wake_workers(workers.table);
      unsigned expected = 0;
      unsigned missing = calls > polling ? calls - polling : 0;
      for (std::uint32_t slot = polling; slot < 4 && missing != 0; ++slot, --missing) expected |= 1u << slot;
      CAPTURE(calls, polling);
      CHECK(workers.woken() == expected);
    }
  }
}

TEST_CASE("CallSender: a worker that says it polls and did not take a call is not counted on") {
  Calls all(6, 8);
  Workers workers(all.segment);
  workers.set(0, ipc::WorkerStatus::polling);
  workers.set(1, ipc::WorkerStatus::asleep);
  for (std::uint32_t slot = 2; slot < 5; ++slot) workers.set(slot, ipc::WorkerStatus::busy);
  const auto call = make_call(1);
  all.send(*call);
  all.sender.wake_workers(workers.table);
  CHECK(workers.woken() == 0);
  workers.table[0].ignored_wakeup = true;
  workers.table[2].ignored_wakeup = true;
  all.sender.wake_workers(workers.table);
  CHECK(workers.woken() == 2);
  CHECK(workers.table[0].ignored_wakeup);
  CHECK_FALSE(workers.table[2].ignored_wakeup);  // it has taken another since
}
