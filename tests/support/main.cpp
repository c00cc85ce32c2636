// SPDX-License-Identifier: BSL-1.0
// Catch2's main for every test program, compiled once. The programs are their own workers under forkserver and spawn.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#define CATCH_CONFIG_NO_POSIX_SIGNALS  // workers would ignore SIGTERM, as those of any program that handles it
#include <catch2/catch.hpp>
#endif

#include <concurrent/multiprocessing.hpp>

/// A forked child of a test has the watchdog's object and not its thread.
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier): the name is given
  return "leak:support::Watchdog\n";
}
/// Children that tests fork make threads of their own; and there are a thousand ends of processes to wait for.
extern "C" const char* __tsan_default_options() {  // NOLINT(bugprone-reserved-identifier): the name is given
  return "die_after_fork=0:atexit_sleep_ms=0";
}
int main(int argc, char** argv) {
  concurrent::multiprocessing::freeze_support(argc, argv);
  Catch::Session session;
#if !__has_include(<catch2/catch_session.hpp>)
  // Who asks for a test that is not there is told so, as by later versions: a misspelt name has not passed.
  session.configData().warnings = Catch::WarnAbout::NoTests;
#endif
  return session.run(argc, argv);
}
