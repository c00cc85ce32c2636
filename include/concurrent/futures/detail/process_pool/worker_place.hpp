// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/result_receiver.hpp>
#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <cstddef>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// One of the pool's places for a worker, and who is in it. Belongs to the pool's lock.
struct WorkerPlace {
  enum class State : std::uint8_t { absent, starting, live };

  State state = State::absent;
  bool retiring = false;   // it has run its last task and is about to leave by itself
  bool resigning = false;  // set_max_workers has made it one too many: it is retiring, and counted in `resigned_`
  bool stopping = false;   // it was asked to end, by a signal
  bool leaving = false;    // it was told to begin no other call and to end (WorkerEntry::leave)
  bool slow = false;       // it said that it polls, and did not take a call that waited
  bool has_call = false;   // at the manager's last look that asked
  bool still = false;      // a call waited, and it slept or was stopped: at the manager's last look
  std::uint32_t name = 0;
  std::uint64_t serial = 0;
  std::uint64_t tasks = 0;
  std::uint64_t claimed = ~std::uint64_t{0};  // a call with a time limit that was seen taken and not begun, and when
  Deadline claimed_since{};
  Deadline since{};  // when it was asked for
  pid_t pid = 0;
  bool emptied = false;  // nobody is in it, and its blocks, which are reserved, are about to be given back
};

/// A result that has been taken off its ring, with all that is needed to resolve its future without the lock. Filled in
/// by ProcessPool::accept; left as it is until then, since there is an array of these on the stack of every submit.
struct Arrival : ResultItem {
  Arrival() noexcept {}

  pid_t pid;
  WorkItem* item;
  std::uint32_t slot;  // of the worker
  std::uint32_t name;
  bool cancelled;  // terminate() has come before it
};
static_assert(sizeof(Arrival) == 2 * multiprocessing::detail::cache_line);

/// As many arrivals as are taken under one lock.
struct Arrivals {
  static constexpr std::size_t capacity = 16;
  Arrivals() noexcept {}  // leaves the items alone
  std::size_t size = 0;
  Arrival items[capacity];
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
