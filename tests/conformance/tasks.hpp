// SPDX-License-Identifier: BSL-1.0
// Tasks that many rows use, each a function of the program, so that it has a portable name.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "support/shared.hpp"

namespace conformance {

inline int multiply(int a, int b) { return a * b; }

/// Says that it runs, and waits until it may end.
inline int started_then_wait(support::Counter started, support::Gate gate, int result) {
  started.add();
  gate.wait();
  return result;
}

inline int wait_for_gate(support::Gate gate) {
  gate.wait();
  return 0;
}

inline int wait_then_fail(support::Gate gate) {
  gate.wait();
  throw std::runtime_error("this task fails");
}

inline pid_t own_pid() { return ::getpid(); }

inline int fail(int value) { throw std::runtime_error("failed with " + std::to_string(value)); }

/// Ends its process at once, past every destructor.
inline int leave(int status) { ::_exit(status); }

inline int crash() {
  ::signal(SIGSEGV, SIG_DFL);  // also where a sanitizer listens
  sigset_t fault;              // and in a thread that blocks signals, as the pool's own do
  sigemptyset(&fault);
  sigaddset(&fault, SIGSEGV);
  ::pthread_sigmask(SIG_UNBLOCK, &fault, nullptr);
  ::raise(SIGSEGV);
  return 0;
}

}  // namespace conformance
