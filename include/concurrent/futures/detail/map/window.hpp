// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/detail/pool/condition.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/stable_queue.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The chunks of a map that have been submitted and not been taken by the iteration: one thread takes, in order or as
/// they are done, while others may put in. It has a lock of its own, which is not held while anything is submitted or
/// cancelled.
class MapWindow {
 public:
  struct Chunk {
    AnyFuture future;
    std::size_t size;   // items
    std::size_t hands;  // so many chunks, from this one on, were dealt the items in turn
  };

  MapWindow(Deadline deadline, bool unordered) noexcept : deadline_(deadline), unordered_(unordered) {}
  MapWindow(const MapWindow&) = delete;
  MapWindow& operator=(const MapWindow&) = delete;
  ~MapWindow() { unlink(entries_); }

  // ---- For whoever submits

  /// Of a window that is closed it is cancelled, and of one that is detached let go of.
  void push(AnyFuture future, std::size_t size, std::size_t hands = 1);
  /// Nothing more will be submitted; the error is for the iteration, after what has been.
  void end(std::exception_ptr error = nullptr) noexcept;
  /// Other threads will put in what is missing, so that the iteration waits for it.
  void expect_others() noexcept;
  /// It has been said that nothing more will come, or that nothing more is wanted.
  bool has_ended() noexcept;
  std::exception_ptr error() noexcept;
  /// Throws the error that has come before anything else.
  void rethrow_if_empty();

  // ---- For the iteration, in one thread

  /// Whether `next` has a chunk, or an error to throw.
  bool has_more();
  /// The next chunk, done. Throws TimeoutError, and what end() was given; it is closed then. Blocks.
  Chunk next();
  /// The future of the next chunk in order, for who waits for it in pieces; none where `next` has no chunk.
  std::optional<AnyFuture> awaited();
  bool is_closed() noexcept;
  /// Cancels what has not started. There is no more then.
  void close() noexcept;
  void cancel_left() noexcept;
  /// Nobody will iterate: what is out goes on, but is not kept.
  void detach() noexcept;

 private:
  using Lock = multiprocessing::detail::MutexLock;

  struct Entry : WaiterLink {
    Entry(AnyFuture given, std::size_t items, std::size_t dealt) noexcept
        : future(std::move(given)), size(items), hands(dealt) {}
    AnyFuture future;  // moved from: taken, out of order
    std::size_t size;
    std::size_t hands;
    bool is_taken() const noexcept { return HandleAccess::state(future) == nullptr; }
    FutureStateBase& state() const noexcept { return *HandleAccess::state(future); }
  };

  Entry* wait_in_order();
  Entry* wait_for_any();
  Entry* first_left(Lock& lock) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void unlink(StableQueue<Entry>& entries) const noexcept {
    if (!unordered_) return;
    entries.for_each([](Entry& entry) {
      if (!entry.is_taken()) entry.state().remove_waiter(entry);
    });
  }
  [[noreturn]] void throw_error();
  [[noreturn]] void throw_timeout();

  multiprocessing::detail::Mutex mutex_;
  Condition changed_;
  StableQueue<Entry> entries_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::exception_ptr error_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  bool ended_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  bool others_submit_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  bool detached_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  bool closed_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;

  Waiter waiter_{0, false, true};  // of the iterating thread, if unordered
  WaiterLink* ready_ = nullptr;    // likewise
  const Deadline deadline_;
  const bool unordered_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
