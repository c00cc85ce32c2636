// SPDX-License-Identifier: BSL-1.0
// Workers that sleep and a caller that wakes them, in all executions: no call waits while its worker sleeps for ever.
#include "model/check.hpp"

#include <concurrent/futures/detail/process_pool/call_ledger.hpp>
#include <concurrent/futures/detail/process_pool/call_sender.impl.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/multiprocessing/detail/worker_sleep.hpp>

#include "model/fresh_segment.hpp"

namespace detail = concurrent::futures::detail;
namespace ipc = concurrent::multiprocessing::detail;

namespace {

constexpr std::uint32_t most_workers = 2;

struct Call final : detail::WorkItem {
  detail::FutureStateBase& state() noexcept override { std::abort(); }
  detail::CallbackList load(concurrent::pickle::Reader&) override { return {}; }
};

/// The caller's side of a pool, and what its workers do.
struct Stage {
  explicit Stage(std::uint32_t workers) {
    ledger.grow(3);
    sender.open(segment);
    table.open(most_workers, most_workers);
    for (std::uint32_t slot = 0; slot < workers; ++slot) table.occupy(slot, slot, detail::Deadline{});
    for (Call& call : calls) {
      call.size = sizeof content;
      call.keep_bytes(reinterpret_cast<const std::byte*>(&content));
      ledger.enter(call);
      ledger.add(call);
      ledger.give_record(call);
      sender.write(call, call.waiting_bytes());
    }
  }
  void name_words(model::Explorer::Program& program) const {
    program.name(&segment.queue().head, "head");
    program.name(&segment.queue().tail, "tail");
    program.name(&segment.sleepers(0), "sleepers");
    for (std::uint32_t i = 0; i < most_workers; ++i) {
      const std::string number = " " + std::to_string(i);
      program.name(&segment.queue_entry(i), "entry" + number);
      program.name(&segment.record(i).state, "state" + number);
      program.name(&segment.worker(i).wake, "wake" + number);
      program.name(&segment.worker(i).status, "status" + number);
      program.name(&segment.worker(i).leave, "leave" + number);
    }
    program.name(&segment.caller().stopping, "stopping");
  }

  void send(std::size_t call) {
    sender.enqueue(calls[call], ledger.mark_sent(calls[call]));
    sender.wake_workers(table);
  }
  void tell_to_leave(std::uint32_t worker) {  // as ProcessPool does
    ipc::tell_to_leave(segment.worker(worker));
    sender.wake_worker(worker);
  }
  /// One turn of Worker::next_call: no_call if it has slept, or is to leave.
  std::uint64_t next_call(std::uint32_t worker) {
    ipc::WorkerSleep sleep(segment, worker);
    std::uint64_t call = ipc::claim_call(segment, worker);
    if (call != ipc::no_call) return call;
    segment.worker(worker).status.store(static_cast<std::uint32_t>(ipc::WorkerStatus::polling),
                                        std::memory_order_release);
    call = ipc::claim_call(segment, worker);
    if (call != ipc::no_call || sleep.told_to_leave()) return call;
    sleep.lie_down();
    while (sleep.may_sleep()) sleep.sleep((ipc::Deadline::max)());
    sleep.get_up();
    return sleep.told_to_leave() ? ipc::no_call : ipc::claim_call(segment, worker);
  }

  static constexpr std::uint64_t content = 7;
  ipc::Segment& segment = model::fresh_segment<most_workers, 2, 3>();
  detail::CallLedger ledger{1};
  detail::CallSender sender;
  detail::WorkerTable table;
  std::array<Call, 2> calls;
  int run = 0;
};

model::Case two_workers();

model::Cases cases() {
  const auto worker = [](const std::shared_ptr<Stage>& stage, std::uint32_t index) {
    return [stage, index] {
      if (stage->next_call(index) != ipc::no_call) ++stage->run;
    };
  };
  const auto one_call = [worker](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(1);
    stage->name_words(program);
    program.thread("caller", [stage] { stage->send(0); });
    program.thread("worker", worker(stage, 0));
    program.at_end([stage] { model::expect(stage->run == 1, "the call waits, and its worker has woken in vain"); });
  };
  const auto leaving = [worker](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(1);
    stage->name_words(program);
    program.thread("caller", [stage] { stage->tell_to_leave(0); });
    program.thread("worker", worker(stage, 0));
  };
  const auto stopping = [worker](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(1);
    stage->name_words(program);
    program.thread("caller", [stage] {
      stage->segment.caller().stopping.store(1, std::memory_order_seq_cst);  // as ProcessPool does
      stage->sender.wake_worker(0);
    });
    program.thread("worker", worker(stage, 0));
  };
  return {{"one worker asleep", one_call, {}},
          {"told to leave", leaving, {}},
          {"the pool ends", stopping, {}},
          two_workers()};
}
const model::Known known(cases);

/// One of two workers gets the call, and the other is let go.
model::Case two_workers() {
  model::Limits limits;
  limits.stale = 1;
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(2);
    stage->name_words(program);
    program.thread("caller", [stage] {
      stage->send(0);
      for (std::uint32_t worker = 0; worker < 2; ++worker) stage->tell_to_leave(worker);
    });
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
      program.thread("worker " + std::to_string(worker),
                     [stage, worker] { static_cast<void>(stage->next_call(worker)); });
    }
  };
  return {"two workers asleep, one call", set_up, limits, true};
}

}  // namespace

TEST_CASE("Model: a worker that goes to sleep gets the call that comes just then, or leaves when it is told to") {
  model::check_all(cases());
}
