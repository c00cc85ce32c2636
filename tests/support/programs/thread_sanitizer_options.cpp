// SPDX-License-Identifier: BSL-1.0
// Linked into the programs that tests run, under ThreadSanitizer.

/// Children that are forked make threads of their own; there are many ends of processes to wait for; and a worker that
/// a task ends by exit() has none of its caller's threads, which ThreadSanitizer misses.
extern "C" const char* __tsan_default_options() {  // NOLINT(bugprone-reserved-identifier): the name is given
  return "die_after_fork=0:atexit_sleep_ms=0:report_thread_leaks=0";
}
