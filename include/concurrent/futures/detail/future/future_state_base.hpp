// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <typeinfo>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

enum class State : std::uint32_t { pending, running, cancelled, cancelled_and_notified, finished };

constexpr bool is_done(State state) noexcept { return state >= State::cancelled; }

/// Python's name of the state, as it stands in the texts of InvalidStateError.
constexpr const char* state_name(State state) noexcept {
  switch (state) {
    case State::pending:
      return "PENDING";
    case State::running:
      return "RUNNING";
    case State::cancelled:
      return "CANCELLED";
    case State::cancelled_and_notified:
      return "CANCELLED_AND_NOTIFIED";
    case State::finished:
      return "FINISHED";
  }
  return "UNKNOWN";
}

inline constexpr const char* no_exception_text =
    "concurrent::futures: the call failed without an exception. Give set_exception one that is not null.";

/// What all handles to one future share: its state, who waits for it, the exception if it failed, and its owner if it
/// has one.
///
/// One word says everything; it is a futex too. The list of callbacks and waiters has a lock of one bit, held for a
/// few instructions. Whoever calls a member function holds a reference or a handle during the call.
class FutureStateBase {
 public:
  FutureStateBase(const FutureStateBase&) = delete;
  FutureStateBase& operator=(const FutureStateBase&) = delete;

  // A state is made with one reference. All handles (Future, AnyFuture) together hold one more, so that a handle can
  // tell whether it is the last one, whatever an executor holds.
  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  void add_handle() noexcept {
    if (handles_.fetch_add(1, std::memory_order_relaxed) == 0) add_reference();
  }
  void adopt_handle() noexcept {  // the caller's reference becomes a handle
    if (handles_.fetch_add(1, std::memory_order_relaxed) != 0) release();
  }
  void drop_handle() noexcept {
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) release();
  }
  bool is_only_handle() const noexcept { return handles_.load(std::memory_order_acquire) == 1; }

  /// Not done, and nobody can change that: no executor has the call, and the caller's handle is the only one.
  bool is_orphaned() const noexcept {
    // Who finishes a future does so before it lets go: seen to have let go, it is seen to have finished. An executor
    // has its reference before the first handle is out.
    return !is_with_executor() && is_only_handle() && !done();
  }
  /// Somebody has a reference beside the handles, and finishes the future before it lets go.
  bool is_with_executor() const noexcept { return references_.load(std::memory_order_acquire) != 1; }

  State state() const noexcept { return state_of(word_.load(std::memory_order_acquire)); }
  bool done() const noexcept { return is_done(state()); }
  bool cancelled() const noexcept {
    const State now = state();
    return now == State::cancelled || now == State::cancelled_and_notified;
  }
  bool running() const noexcept {
    const State now = state();
    return now == State::running || (now == State::pending && is_taken());
  }
  /// Finished with an exception.
  bool failed() const noexcept { return (word_.load(std::memory_order_acquire) & failed_bit) != 0; }
  /// Null unless `failed()`.
  const std::exception_ptr& stored_exception() const noexcept { return exception_; }
  virtual const std::type_info& result_type() const noexcept = 0;

  /// Cancels a pending call, if the executor lets it go, and runs the callbacks. True: it is cancelled now.
  bool cancel();

  /// From pending to running: true. From cancelled to notified, or done in any other way: false.
  bool try_run() noexcept;

  /// The same for users. Throws InvalidStateError on a future that is neither pending nor cancelled.
  bool set_running_or_notify_cancel();

  /// Fails the future, unless it is done already. Returns the callbacks, for the caller to run where it likes.
  [[nodiscard]] CallbackList finish_with_exception(std::exception_ptr exception);
  /// The same, running the callbacks here; false: it was done already.
  bool try_finish_with_exception(std::exception_ptr exception);

  /// From pending or running to cancelled, without asking its owner: for owners that give up their calls.
  [[nodiscard]] CallbackList finish_cancelled() noexcept;
  /// The same; false: it is done already, or somebody is storing its outcome right now.
  bool try_finish_cancelled(CallbackList& callbacks) noexcept;

  static void run(CallbackList callbacks) noexcept { callbacks.run(); }

  /// Takes over the callback; calls it at once if the future is done.
  void add_callback(pickle::detail::UniquePointer<OwnedCallback> callback);

  /// The same for one that lies in the caller's memory, such as the frame of a coroutine. False: the future is done
  /// already, and the callback is not used.
  bool add_own_callback(Callback& callback) noexcept { return add_link(callback); }
  /// Takes it off the list; false: it is not there any more, since it runs or has run.
  bool remove_own_callback(Callback& callback) noexcept { return remove_link(callback); }

  /// Blocks until the future is done; false: the deadline has passed first. Throws what `pump_until` throws.
  bool wait_until_done(Deadline deadline = (Deadline::max)());
  /// The same without a limit, for who has a handle. False: it is orphaned, or has become so.
  bool wait_unless_orphaned();

  /// False: it is done already, and the link is not used.
  bool add_waiter(WaiterLink& link) noexcept { return add_link(link); }
  /// False: it is not there any more, since the future is done or somebody has taken its destination.
  bool remove_waiter(WaiterLink& link) noexcept { return remove_link(link); }

  /// Like add_waiter, if nobody else has an eye on the result: no other handle, no callback, no waiter.
  bool offer_destination(WaiterLink& link) noexcept {
    return is_only_handle() && list_.load(std::memory_order_relaxed) == 0 && add_link(link);
  }
  /// By who brings the result and has not published it: takes the memory that a waiter has for it off the list. Null:
  /// there is none.
  ResultDestination* take_destination() noexcept {
    return list_.load(std::memory_order_relaxed) == 0 ? nullptr : find_destination();
  }

  /// How many bytes the call takes on its way to another process; 0 where nothing is copied. Constant after submit.
  virtual std::size_t carried_bytes() const noexcept { return 0; }

  // What only the owner can do, as FutureOwner says, which is asked if there is one.
  bool terminate() noexcept { return owner_ != nullptr && !done() && owner_->stop(owned()); }
  bool request_stop() { return !done() && ((owner_ != nullptr && owner_->ask_to_stop(owned())) || cancel()); }
  void read_progress(std::uint64_t& done, std::uint64_t& total) noexcept {
    if (owner_ != nullptr) owner_->read_progress(owned(), done, total);
  }
  bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline) {
    return owner_ != nullptr ? owner_->pump_until(word, old, deadline) : word.load(std::memory_order_relaxed) != old;
  }
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) {
    return owner_ != nullptr ? owner_->park(word, value, deadline)
                             : multiprocessing::detail::futex_wait(word, value, deadline);
  }

  [[noreturn]] void throw_invalid_state(const char* operation) const;

 protected:
  /// With a reference to the owner, given up at the very end.
  explicit FutureStateBase(FutureOwner* owner) noexcept : owner_(owner) {
    if (owner != nullptr) owner->add_reference();
  }
  CONCURRENT_FUTURES_INLINE virtual ~FutureStateBase();

  /// The call that the owner knows; asked only where there is an owner.
  virtual const OwnedCall* owned_call() const noexcept { return nullptr; }

  /// A worker has the call of an owner's future that nobody has begun here.
  bool is_taken() const noexcept { return owner_ != nullptr && owner_->taken(*owned_call()); }

  // Whoever sets the outcome claims the right to, stores it, and publishes.
  bool claim() noexcept;
  void unclaim() noexcept { word_.fetch_and(~storing_bit, std::memory_order_release); }
  [[nodiscard]] CallbackList publish(std::uint32_t outcome) noexcept;

  static constexpr std::uint32_t finished_word = static_cast<std::uint32_t>(State::finished);
  static constexpr std::uint32_t state_mask = 0x7;
  static constexpr std::uint32_t failed_bit = 0x8;       // finished, with an exception
  static constexpr std::uint32_t sleepers_bit = 0x10;    // a thread sleeps on the word
  static constexpr std::uint32_t storing_bit = 0x20;     // somebody is storing the outcome
  static constexpr std::uint32_t cancelling_bit = 0x40;  // somebody is asking the executor to let the call go

 private:
  friend class CallbackList;
  static constexpr State state_of(std::uint32_t word) noexcept { return static_cast<State>(word & state_mask); }
  static constexpr std::uint32_t with_state(std::uint32_t word, State state) noexcept {
    return (word & ~(state_mask | cancelling_bit)) | static_cast<std::uint32_t>(state);
  }

  OwnedCall& owned() noexcept { return const_cast<OwnedCall&>(*owned_call()); }
  Link* lock_list() noexcept;
  void unlock_list(Link* first) noexcept {
    list_.store(reinterpret_cast<std::uintptr_t>(first), std::memory_order_release);
  }
  bool add_link(Link& link) noexcept;
  bool remove_link(Link& link) noexcept;
  ResultDestination* find_destination() noexcept;
  Callback* take_callback() noexcept;  // of a future that is done: the next to run
  CallbackList announce(std::uint32_t before, bool failed) noexcept;

  std::atomic<std::uint32_t> references_{1};
  std::atomic<std::uint32_t> handles_{0};
  std::atomic<std::uintptr_t> list_{0};  // newest first; the lowest bit is the lock
  std::exception_ptr exception_;
  FutureOwner* const owner_;
  std::atomic<std::uint32_t> word_{0};  // last, so that a small result fits behind it
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/future/transitions.hpp>
#include <concurrent/futures/detail/future/waiting.hpp>
#endif
