// SPDX-License-Identifier: BSL-1.0
// Single words of the pool's protocol, in all executions: how far a task is, that it is to stop, that a block of a
// result is done with, and that a worker is to leave.
#include "model/check.hpp"

#include <concurrent/futures/detail/process_pool/call_sender.impl.hpp>
#include <concurrent/futures/detail/process_pool/result_receiver.impl.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/multiprocessing/detail/progress_words.hpp>
#include <concurrent/multiprocessing/detail/result_sender.hpp>

#include "model/fresh_segment.hpp"

namespace detail = concurrent::futures::detail;
namespace ipc = concurrent::multiprocessing::detail;

namespace {

model::Limits limits() {
  model::Limits limits;
  limits.stale = 1;
  return limits;
}

/// A call reports after another: what is read of it is its own.
model::Case progress() {
  const auto set_up = [](model::Explorer::Program& program) {
    struct Stage {
      ipc::ProgressWords words;
    };
    const auto stage = std::make_shared<Stage>();
    program.name(&stage->words.call, "call");
    program.name(&stage->words.done, "done");
    program.name(&stage->words.total, "total");
    program.thread("worker", [stage] {
      stage->words.report(1, 11, 12);
      stage->words.report(2, 21, 22);
    });
    program.thread("caller", [stage] {
      for (std::uint64_t call = 1; call <= 2; ++call) {
        std::uint64_t done = 0;
        std::uint64_t total = 0;
        if (!stage->words.read(call, done, total)) continue;
        model::expect(done == 10 * call + 1 && total == 10 * call + 2, "call " + std::to_string(call) +
                                                                           " is said to be at " + std::to_string(done) +
                                                                           " of " + std::to_string(total));
      }
    });
  };
  return {"progress of one call after the other", set_up, limits()};
}

/// Who is told to stop sees what was done before it was told.
model::Case stop() {
  struct Call final : detail::WorkItem {
    detail::FutureStateBase& state() noexcept override { std::abort(); }
    detail::CallbackList load(concurrent::pickle::Reader&) override { return {}; }
  };
  struct Stage {
    ipc::Segment& segment = model::fresh_segment<1, 2, 3>();
    detail::CallSender sender;
    Call call;
    model::Data news{"why it is to stop"};
  };
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    stage->sender.open(stage->segment);
    stage->call.record = 1;
    stage->call.ticket = 5;
    program.thread("caller", [stage] {
      stage->news.write(1);
      stage->sender.request_stop(stage->call);
    });
    program.thread("worker", [stage] {
      const auto token =
          concurrent::pickle::detail::StopTokens::make(stage->segment.record(1).stop, ipc::stop_number(5));
      if (token.stop_requested()) model::expect(stage->news.read() == 1, "it is told to stop and does not see why");
    });
  };
  return {"a call is told to stop", set_up, limits()};
}

/// A block is written again once the caller is done with it, and no sooner.
model::Case block() {
  struct Stage {
    ipc::Segment& segment = model::fresh_segment<1, 2, 3, 2>();
    ipc::ResultBlocks blocks{segment.worker_region(0), 2};
    detail::ResultReceiver receiver;
    std::atomic<std::byte*> published{nullptr};
    model::Data content{"the block"};
    std::byte* first = nullptr;
  };
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    stage->receiver.open(stage->segment);
    stage->receiver.begin(0);
    stage->receiver.reserve_blocks(0);
    program.thread("worker", [stage] {
      const ipc::Allocation block = stage->blocks.allocate(64);
      stage->first = block.address;
      stage->content.write(1);
      stage->blocks.hand_over(block);
      stage->published.store(block.address, std::memory_order_release);
      if (stage->blocks.allocate(64).address == stage->first) stage->content.write(2);
    });
    program.thread("caller", [stage] {
      detail::ResultItem item;
      std::byte* const block = stage->published.load(std::memory_order_acquire);
      if (block == nullptr) return;
      item.block = block + sizeof(ipc::Block);
      model::expect(stage->content.read() == 1, "a block is written over while it is read");
      stage->receiver.give_back(0, item);
    });
  };
  return {"a result's block", set_up, limits()};
}

/// A dead worker's region is another's once nobody reads there.
model::Case region() {
  struct Stage {
    ipc::Segment& segment = model::fresh_segment<1, 2, 3, 2>();
    detail::ResultReceiver receiver;
    model::Data content{"the region"};
  };
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    stage->receiver.open(stage->segment);
    stage->receiver.begin(0);
    stage->receiver.reserve_blocks(0);
    program.thread("caller", [stage] {
      static_cast<void>(stage->content.read());
      stage->receiver.release_blocks(0);
    });
    program.thread("manager", [stage] {
      if (!stage->receiver.is_read(0)) stage->content.write(1);
    });
  };
  return {"a dead worker's region", set_up, limits()};
}

/// To end one task the caller tells its worker to leave and then looks whether the result is there: if it is not, the
/// worker begins nothing else.
model::Case leave() {
  struct Stage {
    ipc::Segment& segment = model::fresh_segment<1, 2, 3, 2>();
    ipc::ResultSender sender{segment, 0};
    ipc::ResultBlocks blocks{segment.worker_region(0), 2};
    detail::ResultReceiver receiver;
    bool killed = false;
    bool began = false;
  };
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    stage->receiver.open(stage->segment);
    stage->receiver.begin(0);
    program.name(&stage->segment.worker(0).leave, "leave");
    program.name(&stage->segment.result(0, 0).commit, "commit");
    program.thread("worker", [stage] {
      ipc::ResultWriter writer(stage->blocks);
      stage->sender.publish(writer, ipc::pack_call(1, 1), 7, ipc::Outcome::value);
      stage->began = !ipc::is_told_to_leave(stage->segment.worker(0));  // after it has claimed the next
    });
    program.thread("caller", [stage] {
      ipc::tell_to_leave(stage->segment.worker(0));
      stage->killed = !stage->receiver.holds(0, ipc::pack_call(1, 1));
    });
    program.at_end([stage] {
      model::expect(!stage->killed || !stage->began, "the worker is killed in a call that is not meant");
    });
  };
  return {"a task is ended", set_up, limits()};
}

model::Cases cases() { return {progress(), stop(), block(), region(), leave()}; }
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: progress, stop, leave, and the blocks of results: each word means what it says") {
  model::check_all(cases());
}
