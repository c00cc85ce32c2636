// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/futures/detail/process_pool/worker_table.hpp>
#include <concurrent/multiprocessing/detail/call_queue.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How far the workers are with a call, as the call's record says.
struct CallState {
  enum class Stage : std::uint8_t { waiting, claimed, started, lost };

  Stage stage = Stage::lost;  // the record says nothing that can be: a rogue task has written over it
  std::uint32_t worker = multiprocessing::detail::no_worker;  // in whose slot, if it is claimed or started

  bool is_taken() const noexcept { return stage == Stage::claimed || stage == Stage::started; }
  bool is_started() const noexcept { return stage == Stage::started; }
};

/// Hands calls to the workers, and takes them back: the caller's end of the call queue, and the records that it names.
/// What has been sent waits, is claimed or is started by one worker, and never two of these. Belongs to the pool's
/// lock.
class CallSender {
 public:
  /// Before any call. `segment` stays where it is. Throws std::bad_alloc.
  void open(multiprocessing::detail::Segment& segment);

  /// Whether another call may be sent now.
  bool has_room() noexcept;
  /// How many may wait for a worker from now on; what is there stays.
  void set_limit(std::size_t calls) noexcept;
  /// How many wait for a worker.
  std::uint32_t waiting() noexcept;
  /// Whether another call is the oldest that waits than when this was last asked.
  bool moves_on() noexcept;

  /// Writes the call into its record. `bytes`: null for one that lies in a block.
  void write(WorkItem& item, const std::byte* bytes) noexcept;
  /// Lets the workers have what its record holds, again maybe, with this nonce.
  void enqueue(WorkItem& item, std::uint64_t nonce) noexcept;
  /// Takes a call back. False: a worker has it.
  bool withdraw(WorkItem& item) noexcept;
  /// The same also from a worker that has claimed it, which will not begin it. False: it has begun.
  bool take_back(WorkItem& item) noexcept;
  /// Asks the task that runs this call to stop.
  void request_stop(const WorkItem& item) noexcept;
  /// The record means nobody's call from now on.
  void erase(WorkItem& item) noexcept;

  CallState look(const WorkItem& item) const noexcept;
  /// Of calls that wait and of idle workers that are awake: wakes as many more as are missing. Costs nothing while none
  /// sleeps.
  void wake_workers(WorkerTable& workers) noexcept;
  void wake_worker(std::uint32_t slot) noexcept;
  /// Puts right what a rogue task may have done to the queue's words.
  void repair() noexcept;

 private:
  multiprocessing::detail::Segment* segment_ = nullptr;
  pickle::detail::UniquePointer<multiprocessing::detail::CallQueueWriter> queue_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
