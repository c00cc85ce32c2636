// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <link.h>
#include <pthread.h>
#include <sys/time.h>

#include <csetjmp>
#include <csignal>

namespace concurrent::os::inline v0 {

// What debuggers look at; not every C library has it.
extern "C" ::r_debug loader_state __asm__("_r_debug") __attribute__((weak));

/// In the child of a fork: whether it can use the dynamic loader. If another thread of its parent was opening or
/// closing a library at that moment, the loader's locks are held for ever here, and whoever needs one of them waits for
/// ever. Costs a few system calls when all is well, and a tenth of a second when it is not.
inline bool loader_is_usable() noexcept {
  if (&loader_state != nullptr && loader_state.r_state != ::r_debug::RT_CONSISTENT) return false;
  static sigjmp_buf out_of_the_lock;
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) { siglongjmp(out_of_the_lock, 1); };
  ::sigaction(SIGALRM, &action, &before);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  volatile bool usable = false;
  if (sigsetjmp(out_of_the_lock, 1) == 0) {
    const itimerval limit{{0, 20'000}, {0, 20'000}};
    ::setitimer(ITIMER_REAL, &limit, nullptr);
    ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
    ::dl_iterate_phdr([](dl_phdr_info*, std::size_t, void*) { return 1; }, nullptr);
    usable = true;
  }
  const itimerval none{};
  ::setitimer(ITIMER_REAL, &none, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  return usable;
}

}  // namespace concurrent::os::inline v0
