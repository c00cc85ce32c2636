// SPDX-License-Identifier: BSL-1.0
// A worker's ring of results in all executions: each arrives once and in order, none is written over before it was
// read, and neither side sleeps while there is something for it.
#include "model/check.hpp"

#include <concurrent/futures/detail/process_pool/result_receiver.impl.hpp>
#include <concurrent/futures/detail/process_pool/wakeups.impl.hpp>
#include <concurrent/multiprocessing/detail/result_sender.hpp>

#include "model/fresh_segment.hpp"

namespace {

namespace ipc = concurrent::multiprocessing::detail;
using concurrent::futures::detail::ResultItem;
using concurrent::futures::detail::ResultReceiver;
using concurrent::futures::detail::Wakeups;

constexpr std::uint32_t capacity = 1;

struct Stage {
  explicit Stage(model::Explorer::Program& program) {
    receiver.open(segment);
    receiver.begin(0);
    watch.open(segment.caller());
    program.name(&segment.caller().poller, "poller");
    program.name(&segment.caller().manager, "manager's word");
    program.name(&segment.result(0, 0).commit, "commit");
    program.name(&segment.worker(0).consumed, "consumed");
    program.name(&segment.worker(0).waits_for_room, "waits for room");
    program.name(&segment.worker(0).wake, "wake");
  }

  void work(int results) {
    for (int i = 0; i < results; ++i) {
      if (!sender.has_room()) sender.wait_for_room(0);
      entry.write(i + 1);
      ipc::ResultWriter writer(blocks);
      sender.publish(writer, ipc::pack_call(static_cast<std::uint64_t>(i), 0), 7, ipc::Outcome::value);
    }
  }
  /// As a thread that waits for results: it pumps, and sleeps when there is none.
  void receive(int results) {
    const std::atomic<std::uint32_t> own{0};
    static_cast<void>(watch.try_pump());
    watch.poll();
    ResultItem item;
    for (int taken = 0; taken < results;) {
      const ResultReceiver::Take took = receiver.take(0, item);
      model::expect(took != ResultReceiver::Take::malformed, "a result is malformed");
      if (took == ResultReceiver::Take::none) {
        watch.sleep(own, 0, (ipc::Deadline::max)(), [this] { return receiver.ready(); });
        continue;
      }
      model::expect(ipc::ticket_of(item.call) == static_cast<std::uint64_t>(taken), "a result is out of order");
      model::expect(entry.read() == taken + 1, "a result was written over");
      ++taken;
      receiver.tell_worker(0);
    }
  }

  ipc::Segment& segment = model::fresh_segment<1, 2, 3, capacity>();
  ipc::ResultSender sender{segment, 0};
  ipc::ResultBlocks blocks{segment.worker_region(0), capacity};
  ResultReceiver receiver;
  Wakeups watch;
  model::Data entry{"the ring's entry"};
};

model::Case results(const std::string& name, int count) {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  const auto set_up = [count](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program);
    program.thread("worker", [stage, count] { stage->work(count); });
    program.thread("caller", [stage, count] { stage->receive(count); });
  };
  return {name, set_up, limits};
}

model::Cases cases() {
  model::Cases all{results("two results", 2), results("three results", 3)};
  all[1].is_long = true;
  return all;
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: results: each arrives once and in order through a ring of one entry") { model::check_all(cases()); }
