// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/pool/intrusive_list.hpp>
#include <concurrent/futures/detail/pool/priority_list.hpp>
#include <concurrent/futures/process_options.hpp>
#include <concurrent/multiprocessing/detail/allocation.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/pickle/reader.hpp>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

class ProcessPool;
class ResultBlock;

/// Where a call is. `sent`: its record lies before the workers. `settling`: with no worker any more, its outcome is
/// known or being found out; the call is kept until it has been described. `gone`: the pool has done with it, but for
/// publishing its outcome.
enum class CallLocation : std::uint8_t { none, waiting, sent, settling, gone };

/// A call on its way through the pool, from submit until it is resolved: Python's _WorkItem and _CallItem in one. All
/// but the constant members belong to the pool's lock.
class WorkItem : public OwnedCall {
 public:
  /// Unpickles the result into the future. Throws what unpickling throws.
  virtual CallbackList load(pickle::Reader& reader) = 0;
  /// The same where it lies in a block, which may be kept.
  virtual CallbackList load_block(pickle::Reader& reader, ResultBlock&) { return load(reader); }
  /// The same with what the task threw: `task` is what it is called, and `worker_name` and `pid` say who ran it. One
  /// that passes results on to another process overrides these, and reads nothing.
  virtual CallbackList load_exception(pickle::Reader& reader, std::string worker_name, pid_t pid, std::string task);

  static constexpr std::uint32_t inline_capacity = 48;

  WorkItem* next = nullptr;  // in the list of waiting items, or in one of those that fail together
  WorkItem* previous = nullptr;
  std::uint64_t ticket = 0;                   // while it is in the call queue or with a worker
  multiprocessing::detail::Allocation block;  // the pickled call if it is large
  std::uint64_t size = 0;                     // of the pickled call
  pickle::detail::UniquePointer<TaskOptions> options;
  pickle::Writer::Kept kept;  // what the call's arguments mean, until its outcome is known
  std::uint64_t nonce = 0;    // what the result must repeat
  std::uint32_t record = 0;   // which record holds the call, if one does
  std::uint16_t retries_left = 0;
  CallLocation location = CallLocation::none;
  bool has_record = false;
  bool stopped_for_timeout = false;
  bool stopped_by_user = false;       // terminate() has returned true: whatever comes now, it is cancelled
  bool stop_requested = false;        // of this call while it ran: if it throws CancelledError it is cancelled
  bool counted_as_cancelled = false;  // by who took it back, who has yet to say so to the future
  bool traced = false;
  union {  // a small call that waits for room in the call queue
    std::byte bytes[inline_capacity];
    std::byte* heap;
  };

  std::size_t call_size() const noexcept { return size; }
  bool is_timed() const noexcept { return options != nullptr && options->timeout.has_value(); }
  int priority() const noexcept { return options != nullptr ? options->priority : 0; }

  std::byte* waiting_bytes() noexcept { return size <= inline_capacity ? bytes : heap; }
  void keep_bytes(const std::byte* from) {
    if (size > inline_capacity) heap = new std::byte[size];
    std::memcpy(waiting_bytes(), from, size);
  }
  void drop_bytes() noexcept {
    if (size > inline_capacity) delete[] heap;
  }

 protected:
  WorkItem() noexcept {}
  ~WorkItem() = default;
};

using ItemList = IntrusiveList<WorkItem>;

/// The items that wait for room in the call queue, in the order in which they are to get it.
using WaitingItems = PriorityList<WorkItem>;

}  // namespace detail
}  // namespace concurrent::futures::inline v0
