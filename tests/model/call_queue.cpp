// SPDX-License-Identifier: BSL-1.0
// The call queue between a caller and two workers, in all executions: each call is run once, taken back, or still
// there, with the bytes that were written for it, also when its record and its place in the queue were another's
// before.
#include "model/check.hpp"

#include <concurrent/futures/detail/process_pool/call_sender.impl.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/multiprocessing/detail/call_queue.hpp>
#include <concurrent/multiprocessing/detail/checked_call.hpp>

#include "model/fresh_segment.hpp"

namespace detail = concurrent::futures::detail;
namespace ipc = concurrent::multiprocessing::detail;

namespace {

constexpr std::uint32_t workers = 2;
constexpr std::uint32_t calls = 2;

struct Call final : detail::WorkItem {
  detail::FutureStateBase& state() noexcept override { std::abort(); }
  detail::CallbackList load(concurrent::pickle::Reader&) override { return {}; }
};

/// The first call is in the last record, so that what an entry of the queue is before it is written means another.
template <std::uint32_t capacity, std::uint32_t records>
struct Stage {
  explicit Stage(model::Explorer::Program& program) {
    program.name(&segment.queue().head, "head");
    program.name(&segment.queue().tail, "tail");
    for (std::uint32_t i = 0; i < capacity; ++i) program.name(&segment.queue_entry(i), "entry " + std::to_string(i));
    for (std::uint32_t i = 0; i < records; ++i) {
      program.name(&segment.record(i).state, "state " + std::to_string(i));
      program.bytes(segment.record(i).bytes, sizeof content[0], "the bytes of record " + std::to_string(i));
    }
    for (std::uint32_t i = 0; i < calls; ++i) program.name(&done[i], "done " + std::to_string(i));
    sender.open(segment);
    for (Call& call : items) call.size = sizeof content[0];
  }

  /// Writes a call and hands it over. `record` must be free.
  void send(std::uint32_t call, std::uint32_t record) {
    model::expect(sender.has_room(), "the queue is full");
    items[call].record = record;
    content[call] = call;
    sender.write(items[call], reinterpret_cast<const std::byte*>(&content[call]));
    sender.enqueue(items[call], call);
    sent[call] = true;
  }
  /// As a worker does it: claims, begins, runs. False: there is none.
  bool run_one(std::uint32_t worker) {
    const std::uint64_t call = ipc::claim_call(segment, worker);
    if (call == ipc::no_call) return false;
    model::expect(ipc::record_of(call) < records, "a record is claimed that there is not");
    ipc::CallRecord& record = segment.record(ipc::record_of(call));
    record.started_at.store(1 + ipc::ticket_of(call), std::memory_order_relaxed);
    if (!ipc::begin_call(record, call, worker)) return true;
    alignas(64) std::byte copy[ipc::CallRecord::inline_capacity];
    bool whole = true;
    try {
      whole = ipc::checked_call(segment, record, copy).size() == sizeof content[0];
    } catch (const concurrent::pickle::UnpicklingError&) {
      whole = false;
    }
    model::expect(whole, "what a worker reads is no call");
    std::uint64_t which = 0;
    std::copy_n(copy, sizeof which, reinterpret_cast<std::byte*>(&which));
    model::expect(which < calls && items[which].ticket == ipc::ticket_of(call), "another call's bytes are run");
    ++run[which];
    done[which].store(1, std::memory_order_release);  // as a result says it
    ipc::futex_wake(done[which]);
    return true;
  }
  void await(std::uint32_t call) {
    while (done[call].load(std::memory_order_acquire) == 0) ipc::futex_wait(done[call], 0);
  }
  /// In the end: what nobody has taken is still in the queue. `held`: the dead may have one.
  void check(bool one_died) {
    for (std::uint32_t call = 0; call < calls; ++call) {
      if (!sent[call]) continue;
      const auto state = ipc::RecordState::unpack(segment.record(items[call].record).state.peek());
      const bool is_its = state.ticket == items[call].ticket;
      const int there = is_its && state.stage == ipc::Stage::ready ? 1 : 0;
      const bool held = is_its && (state.stage == ipc::Stage::claimed || state.stage == ipc::Stage::started);
      const int all = run[call] + taken_back[call] + there;
      const std::string text = "call " + std::to_string(call) + " was run " + std::to_string(run[call]) +
                               " times, taken back " + std::to_string(taken_back[call]) + " times, and is " +
                               (there != 0 ? "" : "not ") + "in the queue";
      model::expect(all == 1 || (one_died && all == 0 && held), text);
    }
    // Whoever comes now finds the rest.
    int waiting = 0;
    for (std::uint32_t call = 0; call < calls; ++call) {
      const auto state = ipc::RecordState::unpack(segment.record(items[call].record).state.peek());
      if (sent[call] && state.ticket == items[call].ticket && state.stage == ipc::Stage::ready) ++waiting;
    }
    while (ipc::claim_call(segment, 0) != ipc::no_call) --waiting;
    model::expect(waiting == 0, "a call that is ready is found by nobody");
  }

  ipc::Segment& segment = model::fresh_segment<workers, capacity, records>();
  detail::CallSender sender;
  std::array<Call, calls> items;
  std::array<std::uint64_t, calls> content{};
  std::array<bool, calls> sent{};
  std::array<int, calls> run{};
  std::array<int, calls> taken_back{};
  std::array<std::atomic<std::uint32_t>, calls> done{};
};

/// Two workers, which take `turns` calls each at most, and a caller.
template <class Stage, class Caller>
model::Case program(const std::string& name, int turns, int deaths, bool lag, Caller* caller) {
  model::Limits limits;
  limits.deaths = deaths;
  limits.stale = 1;
  limits.lag = lag;
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program);
    // What it waits for may not come: the workers that looked too early are gone.
    program.thread("caller", [stage, caller] { caller(*stage); }, model::Ends::may_sleep);
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      program.thread(
          "worker " + std::to_string(worker),
          [stage, worker, turns] {
            for (int turn = 0; turn < turns && stage->run_one(worker); ++turn) {
            }
          },
          deaths != 0 && worker == 0 ? model::Ends::may_die : model::Ends::always);
    }
    program.at_end([stage, deaths] { stage->check(deaths != 0); });
  };
  return {name, set_up, limits};
}

/// When a call began is known as soon as it is seen to have begun.
template <class Stage>
void send_and_look(Stage& stage) {
  stage.send(0, 2);
  if (stage.sender.look(stage.items[0]).is_started())
    model::expect(stage.segment.record(2).started_at.load(std::memory_order_relaxed) == 1 + stage.items[0].ticket,
                  "a call has begun, and not said when");
}
template <class Stage>
void send_two(Stage& stage) {
  stage.send(0, 2);
  stage.send(1, 1);
}
template <class Stage>
void send_and_take_back(Stage& stage) {
  send_two(stage);
  if (stage.sender.take_back(stage.items[1])) ++stage.taken_back[1];
}
/// The second call has the first one's record and its place in the queue, once that is taken back.
template <class Stage>
void take_back_and_send(Stage& stage) {
  stage.send(0, 2);
  if (!stage.sender.take_back(stage.items[0])) return;
  ++stage.taken_back[0];
  stage.sender.erase(stage.items[0]);
  stage.send(1, 2);
}
template <class Stage>
void withdraw_and_send(Stage& stage) {
  stage.send(0, 2);
  if (!stage.sender.withdraw(stage.items[0])) return;
  ++stage.taken_back[0];
  stage.sender.erase(stage.items[0]);
  stage.send(1, 2);
}
/// Or has been run.
template <class Stage>
void await_and_send(Stage& stage) {
  stage.send(0, 2);
  stage.await(0);
  stage.sender.erase(stage.items[0]);
  stage.send(1, 2);
}
/// The first worker dies: what it had not begun is put back, what it had begun is over, and the record is used again.
template <class Stage>
void bury_and_send(Stage& stage) {
  stage.send(0, 2);
  if (model::explorer->is_alive(1)) return;
  stage.sender.repair();
  const detail::CallState state = stage.sender.look(stage.items[0]);
  if (!state.is_taken() || state.worker != 0) return;
  if (!state.is_started()) {
    model::expect(stage.sender.take_back(stage.items[0]), "a dead worker begins a call");
    ++stage.taken_back[0];
  } else if (stage.run[0] == 0) {
    ++stage.run[0];  // it is charged with the death
  }
  stage.sender.erase(stage.items[0]);
  stage.send(1, 2);
}

model::Cases cases() {
  using Two = Stage<2, 3>;
  using One = Stage<1, 3>;
  return {program<Two>("call queue", 1, 0, true, send_two<Two>),
          program<Two>("call queue, a call is taken back", 1, 0, false, send_and_take_back<Two>),
          program<One>("call queue, a record after its call was taken back", 1, 0, false, take_back_and_send<One>),
          program<One>("call queue, a record after its call was withdrawn", 1, 0, false, withdraw_and_send<One>),
          program<One>("call queue, a record after its call was run", 2, 0, false, await_and_send<One>),
          program<One>("call queue, a dead worker's record", 2, 1, false, bury_and_send<One>),
          program<One>("call queue, the caller looks", 1, 0, false, send_and_look<One>),
          program<Two>("call queue, a worker is killed", 1, 1, false, send_and_take_back<Two>)};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: call queue: each call is run once, taken back, or still there, whose record and place it has") {
  model::check_all(cases());
}
