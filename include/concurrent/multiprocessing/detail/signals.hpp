// SPDX-License-Identifier: BSL-1.0
// What becomes of signals in the processes of a pool.
#pragma once

#include <concurrent/version.hpp>

#include <pthread.h>

#include <csignal>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A set of signals as it travels between processes: number n is bit n - 1.
using SignalBits = std::uint64_t;

constexpr SignalBits signal_bit(int number) noexcept { return SignalBits{1} << (number - 1); }
static_assert(NSIG <= 65, "each signal has a bit");

/// Each signal that a process can do something about.
template <class Action>
void for_each_signal(Action action) noexcept {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) action(number);
  }
}

/// True in a thread of the library that makes pools: it has all signals blocked, and waits for none.
inline bool& is_own_thread() noexcept {
  static constinit thread_local bool own = false;
  return own;
}

/// In the caller: what workers ignore. An interrupt is always the caller's to handle; what the program ignores, tasks
/// do not expect to end them; and where the program handles a request to end, or the calling thread has it blocked for
/// sigwait or signalfd, it decides what becomes of its tasks.
inline SignalBits signals_that_workers_ignore() noexcept {
  SignalBits bits = signal_bit(SIGINT);
  sigset_t blocked;
  sigemptyset(&blocked);
  if (!is_own_thread()) ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for_each_signal([&bits, &blocked](int number) noexcept {
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) != 0) return;
    const bool asks_to_end = number == SIGTERM || number == SIGHUP;
    const bool handled = action.sa_handler != SIG_DFL || sigismember(&blocked, number) == 1;
    if (asks_to_end ? handled : action.sa_handler == SIG_IGN) bits |= signal_bit(number);
  });
  return bits;
}

inline constexpr SignalBits all_signals = ~SignalBits{0};

/// Ignores these, and gives every other its default disposition.
inline void set_dispositions(SignalBits ignored) noexcept {
  for_each_signal([ignored](int number) noexcept {
    struct sigaction action{};
    action.sa_handler = (ignored & signal_bit(number)) != 0 ? SIG_IGN : SIG_DFL;
    ::sigaction(number, &action, nullptr);
  });
}

inline sigset_t signal_set(SignalBits bits) noexcept {
  sigset_t set;
  sigemptyset(&set);
  for_each_signal([&set, bits](int number) noexcept {
    if ((bits & signal_bit(number)) != 0) sigaddset(&set, number);
  });
  return set;
}

/// In a process with one thread: these are blocked, and no other.
inline void block_only(SignalBits bits) noexcept {
  const sigset_t set = signal_set(bits);
  ::sigprocmask(SIG_SETMASK, &set, nullptr);
}

/// Blocks every signal in the calling thread while it lives: threads of the library never run a program's handlers.
class BlockSignals {
 public:
  BlockSignals() noexcept {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
