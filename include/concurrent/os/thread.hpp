// SPDX-License-Identifier: BSL-1.0
// Threads: their numbers and names, and what the scheduler is told of them.
#pragma once

#include <concurrent/version.hpp>

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

namespace concurrent::os::inline v0 {

/// The calling thread's number, which no other thread of the machine has. That of a process's first thread is its pid.
inline pid_t thread_id() noexcept { return ::gettid(); }

/// The calling thread's name, as `top -H` and debuggers show it: 15 characters at most, or it keeps the one it has.
inline void set_thread_name(const char* name) noexcept { ::pthread_setname_np(::pthread_self(), name); }
/// What is in `name` stays where the system does not say.
template <std::size_t Size>
void get_thread_name(char (&name)[Size]) noexcept {
  ::pthread_getname_np(::pthread_self(), name, Size);
}

/// The calling thread's sleeps are as long as it asks for, and not 50 microseconds longer.
inline void sleep_exactly() noexcept { ::prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); }

}  // namespace concurrent::os::inline v0
