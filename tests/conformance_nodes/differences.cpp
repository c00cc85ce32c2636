// SPDX-License-Identifier: BSL-1.0
// conformance: differences: in what a pool over several nodes differs from one of this machine, row by row, and which
// rows it is not asked for. What is not named here is the same.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"

namespace {

enum class Where { everywhere, over_mpi, over_many_ranks };
enum class How {
  differs,    // the row's test says in what, where it asks
  elsewhere,  // it is run by another program
  left_out
};

struct Difference {
  const char* row;  // what the names of its tests begin with
  Where where;
  How how;
  const char* what;
};

constexpr const char* fork_of_a_rank =
    "its caller is a fork, which is no rank and makes no such pool; with other pools this has nothing to do with nodes";

constexpr Difference differences[] = {
    {"A3 cancel: a call in the call queue", Where::everywhere, How::differs,
     "running() is true some milliseconds after a worker has begun: its node tells so"},
    {"P6 ", Where::everywhere, How::differs, "a worker's name says on which node and rank it is"},
    {"S5 ", Where::everywhere, How::differs,
     "calls that wait at a node are asked back, and while that goes on a worker there may take one of them"},
    {"X17 ", Where::everywhere, How::differs, "statistics of workers come some 20 ms later"},
    {"S2 ", Where::everywhere, How::elsewhere, "a program of its own: tests/mpi"},
    {"S3 ", Where::everywhere, How::elsewhere, "a program of its own: tests/mpi"},
    {"S6 ", Where::everywhere, How::elsewhere, "a program of its own: tests/mpi"},
    {"S14 ", Where::everywhere, How::elsewhere, "a program of its own: tests/mpi"},
    {"X7 ", Where::over_mpi, How::elsewhere,
     "a fork of a rank is no rank and makes no such pool; tests/mpi kills ranks and the launcher"},
    {"X8 ", Where::over_mpi, How::elsewhere,
     "the launcher gets the terminal's SIGINT and ends the job, as it does with every MPI program; tests/mpi"},
    {"D deadlock: exits at pickle argument", Where::over_mpi, How::left_out, fork_of_a_rank},
    {"D deadlock: exits at unpickle result", Where::over_mpi, How::left_out, fork_of_a_rank},
    {"D deadlock: crashes at pickle argument", Where::over_mpi, How::left_out, fork_of_a_rank},
    {"D deadlock: crashes at unpickle result", Where::over_mpi, How::left_out, fork_of_a_rank},
    {"P2 ", Where::over_mpi, How::left_out, "a library below MPI does not do without sysconf (UCX, from before main)"},
    {"P18 ", Where::over_many_ranks, How::left_out,
     "the test's own doing: fork is refused by way of the environment, which agents do not get; with one rank it runs"},
    {"X18 ", Where::over_many_ranks, How::left_out,
     "the test's own doing: fork is refused by way of the environment, which agents do not get; with one rank it runs"},
};

bool is_here(const Difference& one) {
  const support::NodeSource& source = support::node_source();
  return one.where == Where::everywhere || (source.is_mpi && (one.where == Where::over_mpi || source.ranks > 1));
}

bool is_about(const Difference& one, const std::string& test) { return test.rfind(one.row, 0) == 0; }

std::vector<std::string> rows_of_process_pools() {
  std::vector<std::string> names;
  const auto add = [&](const auto& test) {
    const std::string name(test.name);
    if (name.size() > 13 && name.compare(name.size() - 13, 13, " (forkserver)") == 0 &&
        test.tagsAsString().find("[long]") == std::string::npos)
      names.push_back(name);
  };
#if __has_include(<catch2/catch_all.hpp>)
  for (const auto* info : Catch::getRegistryHub().getTestCaseRegistry().getAllInfos()) add(*info);
#else
  for (const auto& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests()) add(test);
#endif
  return names;
}

}  // namespace

const char* support::reason_to_leave_out(const std::string& test) {
  for (const Difference& one : differences) {
    if (one.how != How::differs && is_here(one) && is_about(one, test)) return one.what;
  }
  return nullptr;
}

TEST_CASE("conformance: differences") {
  const support::NodeSource& source = support::node_source();
  const std::vector<std::string> tests = rows_of_process_pools();
  REQUIRE(tests.size() > 100);
  int run = 0;
  for (const std::string& test : tests) run += support::reason_to_leave_out(test) == nullptr ? 1 : 0;
  std::printf("a pool over nodes, %s: %d of %zu tests of process pools run\n",
              source.is_mpi ? (std::to_string(source.ranks) + " ranks of MPI").c_str() : "one behind a socket", run,
              tests.size());
  for (const Difference& one : differences) {
    CAPTURE(one.row);
    int count = 0;
    for (const std::string& test : tests) count += is_about(one, test) ? 1 : 0;
    CHECK(count > 0);  // or the row has another name now
    if (!is_here(one)) continue;
    std::printf("%-4s %s: %s\n", std::string(one.row, std::strcspn(one.row, " ")).c_str(),
                one.how == How::differs     ? "differs"
                : one.how == How::elsewhere ? "run elsewhere"
                                            : "left out",
                one.what);
  }
}
