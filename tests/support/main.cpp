// SPDX-License-Identifier: BSL-1.0
// Catch2's main for every test program, compiled once. The programs are their own workers under forkserver and spawn.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include <concurrent/multiprocessing.hpp>

int main(int argc, char** argv) {
  concurrent::multiprocessing::freeze_support(argc, argv);
  return Catch::Session().run(argc, argv);
}
