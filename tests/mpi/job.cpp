// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/processes.hpp"
#include "support/run_program.hpp"
#include "support/shared.hpp"

using support::contains;

namespace {

/// Those of the MPI that was found first, unless somebody asks for another.
std::string chosen(const char* variable, const std::string& otherwise) {
  const char* const wanted = std::getenv(variable);
  return wanted == nullptr ? otherwise : wanted;
}
std::string program() { return chosen("MPI_TEST_PROGRAM", support::own_folder() + "/programs/job"); }

/// With each rank as a node of its own, as if each ran on another machine.
std::vector<std::string> launched(int ranks, const std::string& what) {
  ::setenv("CONCURRENT_FUTURES_RANKS_AS_NODES", "1", 1);
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);  // of Open MPI, which other launchers do not know
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  ::setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
  ::setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 1);
  return {chosen("MPI_TEST_LAUNCHER", MPIEXEC), "-n", std::to_string(ranks), program(), what};
}
support::Ran run(int ranks, const std::string& what, std::chrono::seconds limit = support::patience) {
  return support::run_program(launched(ranks, what), limit);
}

/// Processes that run the program, or did and are nobody's children any more.
std::vector<pid_t> of_program() {
  std::vector<pid_t> found;
  for (const std::string& name : support::names_in("/proc")) {
    if (name[0] < '0' || name[0] > '9') continue;
    char target[4096] = {};
    if (::readlink(("/proc/" + name + "/exe").c_str(), target, sizeof target - 1) > 0 && target == program())
      found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return found;
}

/// A job that runs until something is done to it: it has said what processes its ranks are.
class Job {
 public:
  explicit Job(const std::string& what) {
    const auto command = launched(2, what);
    int ends[2];
    int error_ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(error_ends, O_CLOEXEC) == 0);
    launcher = support::fork_child([&] {
      ::dup2(ends[1], 1);
      ::dup2(error_ends[1], 2);
      std::vector<char*> arguments;
      for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      ::execv(arguments[0], arguments.data());
      return 127;
    });
    ::close(ends[1]);
    ::close(error_ends[1]);
    out_ = ends[0];
    error_ = error_ends[0];
    REQUIRE(std::sscanf(line().c_str(), "busy %d %d", &ranks[0], &ranks[1]) == 2);
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() {
    ::close(out_);
    ::close(error_);
    for (const pid_t left : of_program()) ::kill(left, SIGKILL);
  }

  std::string line() const {
    std::string text;
    char letter = 0;
    while (letter != '\n' && ::read(out_, &letter, 1) == 1) text += letter;
    return text;
  }
  /// What launcher and ranks have said since the last line, and of errors, when nobody is left who could say something.
  std::string last_words() const {
    std::string text;
    char letter = 0;
    for (const int end : {out_, error_}) {
      while (::read(end, &letter, 1) == 1) text += letter;
    }
    return text;
  }

  pid_t launcher = 0;
  int ranks[2] = {};

 private:
  int out_ = -1;
  int error_ = -1;
};

/// MPI's own are its launcher's to clear away, as long as that lives.
std::vector<std::string> files_in_shm(bool of_mpi) {
  auto names = support::names_in("/dev/shm");
  if (!of_mpi) std::erase_if(names, [](const std::string& name) { return name.starts_with("vader_segment."); });
  return names;
}

bool ended_within(std::chrono::nanoseconds limit) {
  return support::eventually([] { return of_program().empty(); }, limit * support::slowness);
}

}  // namespace

static void crash_some(int ranks) {
  CAPTURE(ranks);
  const support::Ran ran = run(ranks, "crashes");
  CAPTURE(ran.error);
  CHECK(ran.status == 0);
  CHECK(ran.out == "1980 values, 20 died, 0 wrong\n");
  CHECK(of_program().empty());
}

TEST_CASE("MPI: a task that crashes costs its own future, and the job lives") {
  const support::DeadlineGuard deadline("crashes under mpirun");
  crash_some(2);
}
TEST_CASE("MPI: the same with one rank and with three", "[long]") {
  const support::DeadlineGuard deadline("crashes under mpirun");
  crash_some(1);
  crash_some(3);
}

TEST_CASE("MPI: the same where ranks speak TCP with each other", "[long]") {
  const support::DeadlineGuard deadline("crashes under mpirun");
  ::setenv("OMPI_MCA_btl", "self,tcp", 1);  // of Open MPI
  ::setenv("OMPI_MCA_btl_tcp_if_include", "lo", 1);
  for (const int ranks : {1, 2, 3}) crash_some(ranks);
  ::unsetenv("OMPI_MCA_btl");
  ::unsetenv("OMPI_MCA_btl_tcp_if_include");
}

TEST_CASE("MPI: ten thousand workers of two agents are killed, and no call hangs, is lost or runs twice", "[long]") {
  const support::DeadlineGuard deadline("a storm under mpirun", std::chrono::minutes(10));
  const support::Ran ran = run(3, "storm", std::chrono::minutes(9));
  CAPTURE(ran.error);
  CHECK(ran.status == 0);
  CHECK(ran.out == "2 nodes, 0 neither done once nor died\n");
  CHECK(of_program().empty());
}

TEST_CASE("MPI: values, exceptions and large arguments, with and without a launcher", "[long]") {
  const support::DeadlineGuard deadline("values under mpirun", std::chrono::seconds(100));
  const int ranks = GENERATE(0, 1, 2, 3);
  CAPTURE(ranks);
  const support::Ran ran = ranks == 0 ? support::run_program({program(), "values"}) : run(ranks, "values");
  CAPTURE(ran.error, ran.out);
  CHECK(ran.status == 0);
  CHECK(contains(ran.out, " nodes, 3 workers\n3000 mapped, 0 wrong\nnumber 7\n3145728\n"));
  CHECK(contains(ran.out, "workers know the launcher: no\n"));
  CHECK(contains(ran.out, "a task may not make an MPIPoolExecutor"));
  CHECK(contains(ran.out, "\n25 36\n"));
}

TEST_CASE("MPI: a machine with several ranks is one node, which has as many workers") {
  const support::DeadlineGuard deadline("ranks of one machine");
  const auto command = launched(3, "sizes");
  ::setenv("CONCURRENT_FUTURES_RANKS_AS_NODES", "0", 1);
  const support::Ran ran = support::run_program(command);
  CAPTURE(ran.error);
  CHECK(ran.status == 0);
  CHECK(ran.out == "rank 0: 3 workers\nshared state: 7\n");
  CHECK(of_program().empty());
}

TEST_CASE("MPI: with each rank as a node they share the machine's processors", "[long]") {
  const support::DeadlineGuard deadline("ranks as nodes");
  const support::Ran ran = run(2, "sizes");
  CAPTURE(ran.error, ran.out);
  CHECK(ran.status == 0);
  CHECK(contains(ran.out, "rank 1: "));
  CHECK(contains(ran.out, "shared state stays on its node\n"));
}

TEST_CASE("MPI: what agents log is heard by the program's handler", "[long]") {
  const support::DeadlineGuard deadline("logs of agents");
  const support::Ran ran = run(2, "logs");
  CAPTURE(ran.error);
  CHECK(ran.status == 0);
  CHECK(contains(ran.out, "heard: concurrent::futures: "));
  CHECK(contains(ran.out, "was killed by SIGSEGV while it ran "));
  CHECK(contains(ran.out, "crashes_now_and_then(int). On node "));
  CHECK_FALSE(contains(ran.error, "SIGSEGV"));
}

TEST_CASE("MPI: every way to the end of the program ends the job", "[long]") {
  const support::DeadlineGuard deadline("ends under mpirun", std::chrono::seconds(100));
  for (const std::string what : {"nothing", "exits", "forgets"}) {
    CAPTURE(what);
    CHECK(run(2, what).status == 0);
  }
  const support::Ran ran = run(2, "throws");
  CHECK(ran.in_time);
  CHECK(ran.status != 0);
  CHECK(of_program().empty());
}

TEST_CASE("MPI: S2 S3 S6 S14 a program ends with work left, which is done, without a word of complaint") {
  const support::DeadlineGuard deadline("work left under mpirun", std::chrono::seconds(100));
  for (const std::string which : {"ends", "submits_at_exit", "does_not_wait", "cancels"}) {
    const support::Ran ran = run(2, "at_exit " + which);
    CAPTURE(which, ran.out, ran.error);
    CHECK(ran.in_time);
    CHECK(ran.status == 0);
    CHECK(ran.error == "");
    CHECK((contains(ran.out, "apple\n") || which == "cancels"));
    CHECK(contains(ran.out, "runtime-error\n") == (which == "submits_at_exit"));
    CHECK(of_program().empty());
  }
}

TEST_CASE("MPI: X8 an interrupt of the launcher ends the job, and nothing is left") {
  const support::DeadlineGuard deadline("SIGINT under mpirun");
  const Job job("busy");
  ::kill(job.launcher, SIGINT);
  CHECK(ended_within(std::chrono::seconds(3)));
  static_cast<void>(support::wait_status(job.launcher));  // MPICH's says of any program that it succeeded, mostly
}

TEST_CASE("MPI: its header alone makes a whole program") {
  CHECK(support::run_program({support::own_folder() + "/programs/alone"}).out == "25\n");
  CHECK(support::run_program({support::own_folder() + "/programs/separate"}).out == "25\n");  // definitions apart
}

TEST_CASE("MPI: a call is sent also if the thread that has waited for others waits no more") {
  const support::DeadlineGuard deadline("no more waiting under mpirun");
  const support::Ran ran = run(2, "waits no more", std::chrono::seconds(10));
  CAPTURE(ran.out, ran.error);
  CHECK(ran.status == 0);
  CHECK(ran.out == "50 said so\n");
}

TEST_CASE("MPI: a fork of the program makes no MPIPoolExecutor, and leaves the program's alone") {
  const support::DeadlineGuard deadline("a fork under mpirun");
  const support::Ran ran = run(2, "forks");
  CAPTURE(ran.out, ran.error);
  CHECK(ran.status == 0);
  CHECK(contains(ran.out, "in a fork: concurrent::futures: this process is a fork of rank 0"));
  CHECK(contains(ran.out, "\n0, and here 9\n"));
}

TEST_CASE("MPI: a program that has not called freeze_support is told the line", "[long]") {
  const support::DeadlineGuard deadline("no freeze_support under mpirun");
  const support::Ran ran = run(2, "without freeze_support");
  CHECK(ran.status != 0);
  CHECK(contains(ran.out, "freeze_support(argc, argv);"));
}

TEST_CASE("MPI: copies that srun has started apart are refused") {
  const support::DeadlineGuard deadline("lone copies");
  ::setenv("SLURM_STEP_NUM_TASKS", "4", 1);
  const support::Ran ran = support::run_program({program(), "one"});
  ::unsetenv("SLURM_STEP_NUM_TASKS");
  CHECK(ran.status == 3);
  CHECK(contains(ran.out, "srun --mpi=pmix"));
}

TEST_CASE("MPI: nothing is left when an agent, the caller or the launcher is killed", "[long]") {
  const support::DeadlineGuard deadline("kill -9 under mpirun", std::chrono::seconds(100));
  const int victim = GENERATE(0, 1, 2);  // the caller, an agent, the launcher
  const auto files = files_in_shm(victim != 2);
  CAPTURE(victim);
  const std::string what = GENERATE("busy", "idle");
  CAPTURE(what);
  const Job job(what);
  CHECK(of_program().size() >= 6);  // two ranks, the helper and the workers of each
  ::kill(victim == 2 ? job.launcher : job.ranks[victim], SIGKILL);
  CHECK(ended_within(std::chrono::seconds(3)));
  CHECK(support::wait_status(job.launcher) != 0);
  CHECK(files_in_shm(victim != 2) == files);
  if (victim == 2) return;
  const std::string said = job.last_words();
  CAPTURE(said);
  const bool names_rank = contains(said, "rank " + std::to_string(victim) + " with PID");  // as Open MPI says it
  // MPICH names the process whose end it has collected first, which may be one that it has killed itself.
  const auto names = [&](int rank) { return contains(said, "PID " + std::to_string(job.ranks[rank]) + " RUNNING AT"); };
  CHECK((names_rank || names(0) || names(1)));
}

TEST_CASE("MPI: a node that is silent for node_timeout is lost, and agents whose caller is silent leave", "[long]") {
  const support::DeadlineGuard deadline("silence under mpirun", std::chrono::seconds(100));
  const int victim = GENERATE(0, 1);
  CAPTURE(victim);
  Job job("silent");
  ::kill(job.ranks[victim], SIGSTOP);
  if (victim == 1) CHECK(contains(job.line(), "NodeDied: rank 1"));
  CHECK(ended_within(std::chrono::seconds(6)));
  // A program that has caught NodeDied ends as it likes; of that launchers think differently.
  CHECK((support::wait_status(job.launcher) != 0 || victim == 1));
  if (victim == 1) return;
  const std::string said = job.last_words();
  CAPTURE(said);
  CHECK(contains(said, "(rank 1) ends: rank 0, where the program runs, has said nothing for 1"));
}

TEST_CASE("MPI: signals that all ranks get are the program's to answer, and agents live on") {
  const support::DeadlineGuard deadline("signals under mpirun");
  const Job job("answers signals");
  for (const int number : {SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) ::kill(job.ranks[1], number);
  for (const pid_t process : of_program()) ::kill(process, SIGTERM);  // helpers and workers, too, as scancel does
  CHECK(job.line() == "signal 15, 25 36\n");
  CHECK(ended_within(support::patience));
  CHECK(support::wait_status(job.launcher) == 0);
}

TEST_CASE("MPI: an agent that is asked to end gives up a silent caller earlier", "[long]") {
  const support::DeadlineGuard deadline("a silent caller under mpirun");
  const Job job("idle");
  ::kill(job.ranks[1], SIGTERM);
  ::kill(job.ranks[0], SIGSTOP);
  CHECK(ended_within(std::chrono::seconds(9)));  // 5, in place of the 10 that are node_timeout
  const std::string said = job.last_words();
  CAPTURE(said);
  CHECK(contains(said, "has said nothing for 5.000000 s (after signal 15)"));
}

TEST_CASE("MPI: a program that ends MPI itself is told so") {
  const support::DeadlineGuard deadline("MPI_Finalize under mpirun");
  for (const int ranks : {1, 2}) {
    const support::Ran ran = run(ranks, "finalizes");
    CAPTURE(ranks, ran.out, ran.error);
    CHECK(ran.in_time);
    CHECK(ran.status != 0);
    CHECK(contains(ran.error, "this program calls MPI_Finalize itself"));
    CHECK(of_program().empty());
  }
}

TEST_CASE("MPI: workers of all nodes have the locale that the program has set") {
  const support::DeadlineGuard deadline("a locale under mpirun");
  const support::Ran ran = run(2, "locale");
  CAPTURE(ran.error);
  CHECK(ran.status == 0);
  CHECK(ran.out == "6 6\n");
}
