// SPDX-License-Identifier: BSL-1.0
// The call queue between a caller and two workers, in all executions: each call is run once, taken back, or still
// there.
#include "model/check.hpp"

#include <concurrent/multiprocessing/detail/call_queue.hpp>

#include "model/fresh_segment.hpp"

namespace ipc = concurrent::multiprocessing::detail;

namespace {

constexpr std::uint32_t workers = 2;
constexpr std::uint32_t calls = 2;

struct Stage {
  const ipc::Segment& segment = model::fresh_segment<workers, 2, 3>();
  ipc::CallQueueWriter writer{segment};
  std::array<model::Data, calls> data{{model::Data("the first call"), model::Data("the second call")}};
  std::array<std::uint64_t, calls> tickets{};
  std::array<int, calls> run{};
  std::array<int, calls> taken_back{};

  void name_words(model::Explorer::Program& program) const {
    program.name(&segment.queue().head, "head");
    program.name(&segment.queue().tail, "tail");
    for (std::uint32_t i = 0; i < 2; ++i) program.name(&segment.queue_entry(i), "entry " + std::to_string(i));
    for (std::uint32_t i = 0; i < calls; ++i) program.name(&segment.record(i).state, "state " + std::to_string(i));
  }

  void enqueue(std::uint32_t call) {
    data[call].write(static_cast<int>(call) + 1);
    tickets[call] = writer.enqueue(call);
  }
  void take_back(std::uint32_t call) {
    if (writer.take_back(call, tickets[call])) ++taken_back[call];
  }
  /// As a worker does it: claims, begins, runs.
  bool run_one(std::uint32_t worker) {
    const std::uint64_t call = ipc::claim_call(segment, worker);
    if (call == ipc::no_call) return false;
    const std::uint32_t record = ipc::record_of(call);
    model::expect(record < calls, "a call is claimed that there is not");
    using State = ipc::RecordState;
    std::uint64_t claimed = State{ipc::ticket_of(call), worker, ipc::Stage::claimed}.pack();
    const std::uint64_t started = State{ipc::ticket_of(call), worker, ipc::Stage::started}.pack();
    if (!segment.record(record).state.compare_exchange_strong(claimed, started, std::memory_order_acq_rel)) return true;
    model::expect(data[record].read() == static_cast<int>(record) + 1, "a call is run before it is written");
    ++run[record];
    return true;
  }
  /// In the end: what nobody has taken is still in the queue.
  void check(bool all_alive) {
    for (std::uint32_t call = 0; call < calls; ++call) {
      const auto state = ipc::RecordState::unpack(segment.record(call).state.peek());
      const int there = state.stage == ipc::Stage::ready ? 1 : 0;
      const int held = state.stage == ipc::Stage::claimed || (state.stage == ipc::Stage::started && run[call] == 0);
      const std::string text = "call " + std::to_string(call) + " was run " + std::to_string(run[call]) +
                               " times, taken back " + std::to_string(taken_back[call]) + " times, and is " +
                               (there != 0 ? "" : "not ") + "in the queue";
      model::expect(run[call] + taken_back[call] + there + (all_alive ? 0 : held) == 1, text);
    }
    // Whoever comes now finds the rest.
    int waiting = 0;
    for (std::uint32_t call = 0; call < calls; ++call) {
      if (ipc::RecordState::unpack(segment.record(call).state.peek()).stage == ipc::Stage::ready) ++waiting;
    }
    while (ipc::claim_call(segment, 0) != ipc::no_call) --waiting;
    model::expect(waiting == 0, "a call that is ready is found by nobody");
  }
};

model::Limits limits(int deaths) {
  model::Limits limits;
  limits.deaths = deaths;
  limits.stale = 1;
  limits.lag = deaths == 0;
  return limits;
}

/// `turns`: how many calls a worker takes at most.
model::Case program(const std::string& name, int turns, bool takes_back, int deaths) {
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    stage->name_words(program);
    program.thread("caller", [stage, takes_back] {
      for (std::uint32_t call = 0; call < calls; ++call) stage->enqueue(call);
      if (takes_back) stage->take_back(1);
    });
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      program.thread(
          "worker " + std::to_string(worker),
          [stage, worker, turns] {
            for (int turn = 0; turn < turns && stage->run_one(worker); ++turn) {
            }
          },
          deaths == 0 ? model::Ends::always : model::Ends::may_die);
    }
    program.at_end([stage, deaths] { stage->check(deaths == 0); });
  };
  return {name, set_up, limits(deaths)};
}

std::vector<model::Case> cases() {
  return {program("call queue", 1, false, 0), program("call queue, a call is taken back", 1, true, 0),
          program("call queue, a worker is killed", 1, true, 1)};
}

}  // namespace

TEST_CASE("Model: call queue: each call is run once, taken back, or still there") {
  for (const model::Case& one : cases()) model::check(one.name, one.set_up, one.limits);
}
TEST_CASE("Model: call queue: the same with workers that take both calls", "[long]") {
  const model::Case one = program("call queue, two calls a worker", 2, true, 0);
  model::check(one.name, one.set_up, one.limits);
}
TEST_CASE("Model: call queue: which of its memory orders are needed", "[long]") {
  // Of a call's bytes both the tail and the record's state tell, so that either may be weaker, as these programs have
  // it.
  CHECK(model::unneeded_orders(cases(), "call_queue.hpp").size() < 13);
}
