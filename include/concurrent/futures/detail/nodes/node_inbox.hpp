// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/detail/nodes/message.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What nodes have sent and nobody has handled yet, and who hears that something has come. Threads: any.
///
/// Whatever is put in, a thread that is awake looks after that: one that pumps looks once more after it has said that
/// it does no longer; where there is none, one that has parked here is woken; where there is none either, the manager.
class NodeInbox {
 public:
  struct Entry {
    std::size_t node;
    Message message;
    bool is_loss = false;  // of the node, for that reason, and there is no message
    std::string reason;
  };

  /// From whichever thread brings it: takes no other lock, and runs nothing. A loss is the manager's.
  void put(Entry entry) {
    const bool is_loss = entry.is_loss;
    {
      const multiprocessing::detail::MutexLock lock(mutex_);
      entries_.push_back(std::move(entry));
    }
    if (asking_.load(std::memory_order_seq_cst) != 0) tell_of_answer();
    if (!is_loss && pumping_.load(std::memory_order_seq_cst) != 0) {
      signal_.fetch_add(1, std::memory_order_seq_cst);
    } else if (!is_loss && parked_.load(std::memory_order_seq_cst) != 0) {
      park_word_.fetch_add(1, std::memory_order_seq_cst);
      multiprocessing::detail::futex_wake(park_word_, 1, true);
    } else {
      wake_manager();
    }
  }
  bool empty() const {
    const multiprocessing::detail::MutexLock lock(mutex_);
    return entries_.empty();
  }
  /// In the order in which they came. Whoever takes them says so when it has handled them.
  std::vector<Entry> take_all() {
    std::vector<Entry> taken;
    const multiprocessing::detail::MutexLock lock(mutex_);
    taken.swap(entries_);
    in_hand_ += taken.size();
    return taken;
  }
  void note_handled(std::size_t count) {
    {
      const multiprocessing::detail::MutexLock lock(mutex_);
      in_hand_ -= count;
    }
    tell_of_answer();
  }
  /// Nothing that has been taken is still to be handled, whoever took it.
  bool all_handled() const {
    const multiprocessing::detail::MutexLock lock(mutex_);
    return in_hand_ == 0;
  }

  /// Changes when something comes while a thread pumps, and when the manager is woken.
  const std::atomic<std::uint32_t>& signal() const noexcept { return signal_; }

  // ---- the manager
  void wake_manager() noexcept {
    signal_.fetch_add(1, std::memory_order_seq_cst);
    if (manager_sleeps_.load(std::memory_order_seq_cst)) multiprocessing::detail::futex_wake(signal_);
  }
  /// In its thread, which has looked at everything since `signal` was `seen`.
  void sleep(std::uint32_t seen, Deadline deadline) noexcept {
    manager_sleeps_.store(true, std::memory_order_seq_cst);
    if (signal_.load(std::memory_order_seq_cst) == seen) multiprocessing::detail::futex_wait(signal_, seen, deadline);
    manager_sleeps_.store(false, std::memory_order_seq_cst);
  }

  // ---- a thread that waits for a result
  void begin_to_pump() noexcept { pumping_.fetch_add(1, std::memory_order_seq_cst); }
  /// It looks once more after this.
  void stop_pumping() noexcept { pumping_.fetch_sub(1, std::memory_order_seq_cst); }
  /// Sleeps while `word` holds `value` and nothing comes. False: the system cannot, and nothing has happened.
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) {
    parked_.fetch_add(1, std::memory_order_seq_cst);
    const std::uint32_t seen = park_word_.load(std::memory_order_seq_cst);
    const bool supported =
        !empty() || multiprocessing::detail::futex_wait_either(word, value, park_word_, seen, deadline);
    parked_.fetch_sub(1, std::memory_order_seq_cst);
    return supported;
  }

  // ---- a thread that has asked a node for something
  /// Changes with each answer that somebody may wait for.
  std::uint32_t answers() const noexcept { return answers_.load(std::memory_order_acquire); }
  void tell_of_answer() noexcept {
    answers_.fetch_add(1, std::memory_order_seq_cst);
    if (asking_.load(std::memory_order_seq_cst) != 0) multiprocessing::detail::futex_wake(answers_);
  }
  /// Sleeps until the next one after `seen`, or until a message comes that may be one: the manager may be held up.
  void await_answer(std::uint32_t seen, Deadline deadline) {
    asking_.fetch_add(1, std::memory_order_seq_cst);
    if (answers_.load(std::memory_order_seq_cst) == seen && empty())
      multiprocessing::detail::futex_wait(answers_, seen, deadline);
    asking_.fetch_sub(1, std::memory_order_seq_cst);
  }

 private:
  mutable multiprocessing::detail::Mutex mutex_;
  std::vector<Entry> entries_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::size_t in_hand_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // taken, and not handled yet
  std::atomic<std::uint32_t> signal_{0};
  std::atomic<bool> manager_sleeps_{false};
  std::atomic<int> pumping_{0};  // threads that look in here just now
  std::atomic<int> parked_{0};   // that sleep on the word below, too
  std::atomic<std::uint32_t> park_word_{0};
  std::atomic<int> asking_{0};
  std::atomic<std::uint32_t> answers_{0};
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
