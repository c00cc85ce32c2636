// SPDX-License-Identifier: BSL-1.0
// What a launcher starts: one rank is the program, the others are agents. The first argument says what to do.
#include <concurrent/futures.hpp>
#include <concurrent/futures/mpi.hpp>
#include <concurrent/multiprocessing.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/programs/at_exit.hpp"
#include "support/node_storm.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

int square(int n) { return n * n; }
int crashes_now_and_then(int n) {
  if (n % 100 == 50) ::raise(SIGSEGV);
  return n;
}
std::string refuse(int n) { throw std::out_of_range("number " + std::to_string(n)); }
std::uint64_t sum(const std::vector<std::uint64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}
int value_of(const mp::Value<int>& value) { return value.load(); }
bool knows_launcher() { return std::getenv("OMPI_COMM_WORLD_RANK") != nullptr || std::getenv("PMIX_RANK") != nullptr; }
int pool_in_task() {
  cf::MPIPoolExecutor pool(1);
  return pool.max_workers();
}
void wait_for_ever(const std::string& pipe) {
  const int end = ::open(pipe.c_str(), O_WRONLY);
  if (::write(end, "r", 1) != 1) std::abort();
  for (;;) ::pause();
}

/// Tasks that run in all the workers and do not end. The rest of the program knows that they run.
class Endless {
 public:
  Endless(cf::MPIPoolExecutor& pool, int count) {
    char folder[] = "/tmp/mpi_job_XXXXXX";
    if (::mkdtemp(folder) == nullptr) std::abort();
    const std::string pipe = std::string(folder) + "/running";
    if (::mkfifo(pipe.c_str(), 0600) != 0) std::abort();
    const int end = ::open(pipe.c_str(), O_RDWR);
    for (int i = 0; i < count; ++i) futures.push_back(pool.submit(wait_for_ever, pipe));
    char letter = 0;
    for (int running = 0; running < count; running += static_cast<int>(::read(end, &letter, 1))) {
    }
    ::close(end);
    ::unlink(pipe.c_str());
    ::rmdir(folder);
  }
  std::vector<cf::Future<void>> futures;
};

int crashes() {
  cf::MPIPoolExecutor pool({.on_worker_death = cf::WorkerDeathPolicy::fail_task});
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 2000; ++i) futures.push_back(pool.submit(crashes_now_and_then, i));
  int values = 0;
  int died = 0;
  int wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    try {
      ++(futures[static_cast<std::size_t>(i)].result() == i ? values : wrong);
    } catch (const cf::WorkerDied& error) {
      const std::string host = pool.nodes()[0].host;  // of all of them, here
      const bool names_host = error.host() == host && std::string(error.what()).find(host) != std::string::npos;
      ++(error.signal() == SIGSEGV && i % 100 == 50 && names_host ? died : wrong);
    }
  }
  std::printf("%d values, %d died, %d wrong\n", values, died, wrong);
  return 0;
}

/// Ten thousand workers of two agents are killed at any moment of their lives.
int storm() {
  cf::MPIPoolExecutor pool({.workers_per_node = 2,
                            .caller_node = false,
                            .on_worker_death = cf::WorkerDeathPolicy::fail_task,
                            .restart_limit = {.count = 1'000'000}});
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  support::NodeStorm all;
  all.run(pool, 10'000);
  cf::set_log_handler(nullptr);
  std::printf("%zu nodes, %d neither done once nor died\n", pool.nodes().size(), all.submitted - all.values - all.died);
  std::fprintf(stderr, "%d calls, %d values, %d died\n", all.submitted, all.values, all.died);
  return 0;
}

int values() {
  cf::MPIPoolExecutor pool(3);
  std::set<int> ranks;
  int workers = 0;
  for (const cf::NodeInfo& node : pool.nodes()) {
    ranks.insert(node.rank);
    workers += node.workers;
  }
  std::printf("%zu nodes, %d workers\n", ranks.size(), workers);
  std::vector<int> items(3000);
  std::iota(items.begin(), items.end(), 0);
  int wrong = 0;
  int expected = 0;
  for (const int result : pool.map(square, items, {.chunksize = 7}))
    wrong += result != expected * expected ? 1 : (++expected, 0);
  std::printf("%d mapped, %d wrong\n", expected, wrong);
  try {
    pool.submit(refuse, 7).result();
  } catch (const std::out_of_range& error) {
    std::printf("%s\n", error.what());
  }
  std::vector<std::uint64_t> numbers(std::size_t{1} << 20, 3);
  std::printf("%llu\n", static_cast<unsigned long long>(pool.submit(sum, numbers).result()));
  bool known = false;
  for (int i = 0; i < 10; ++i) known = known || pool.submit(knows_launcher).result();
  std::printf("workers know the launcher: %s\n", known ? "yes" : "no");
  try {
    pool.submit(pool_in_task).result();
  } catch (const cf::RuntimeError& error) {
    std::printf("%s\n", error.what());
  }
  cf::MPIPoolExecutor second(2);
  std::printf("%d %d\n", second.submit(square, 5).result(), pool.submit(square, 6).result());
  return 0;
}

int busy(bool does_nothing) {
  static cf::MPIPoolExecutor pool;
  const Endless tasks(pool, does_nothing ? 0 : pool.max_workers());
  pool.warm_up(pool.max_workers());
  if (static_cast<int>(pool.processes().size()) != pool.max_workers()) return 1;
  std::printf("busy");
  for (const cf::NodeInfo& node : pool.nodes()) std::printf(" %d", static_cast<int>(node.pid));
  std::printf("\n");
  std::fflush(stdout);
  for (;;) ::pause();
}

/// What an executor has where nobody says how many.
int sizes() {
  cf::MPIPoolExecutor pool;
  for (const cf::NodeInfo& node : pool.nodes()) std::printf("rank %d: %d workers\n", node.rank, node.workers);
  const mp::Value<int> shared(7);
  try {
    std::printf("shared state: %d\n", pool.submit(value_of, shared).result());
  } catch (const cf::PicklingError&) {
    std::printf("shared state stays on its node\n");
  }
  return 0;
}

/// What an agent has to say is heard here.
int logs() {
  cf::set_log_handler([](cf::LogLevel, std::string_view text) {
    std::printf("heard: %.*s\n", static_cast<int>(text.size()), text.data());
  });
  cf::MPIPoolExecutor pool({.caller_node = false, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  pool.submit(crashes_now_and_then, 50).wait();
  pool.shutdown();
  cf::set_log_handler(nullptr);
  return 0;
}

/// What the program has set up after freeze_support, where agents do not come.
std::size_t longest_character() { return MB_CUR_MAX; }
int has_locale() {
  std::setlocale(LC_ALL, "C.UTF-8");
  cf::MPIPoolExecutor pool({.workers_per_node = 1, .caller_node = false});
  std::printf("%zu %zu\n", longest_character(), pool.submit(longest_character).result());
  return 0;
}

/// A fork is no rank, whatever the variables say that it has inherited.
int forks() {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      cf::MPIPoolExecutor pool(1);
    } catch (const cf::RuntimeError& error) {
      std::printf("in a fork: %s\n", error.what());
    }
    std::exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  cf::MPIPoolExecutor pool(1);
  std::printf("%d, and here %d\n", status, pool.submit(square, 3).result());
  return 0;
}

void say_so(const std::string& pipe) {
  const int end = ::open(pipe.c_str(), O_WRONLY);
  if (::write(end, "r", 1) != 1) std::abort();
  ::close(end);
}

/// A thread that waits for results speaks with MPI itself; what it submits then is sent also if it waits no more.
int waits_no_more() {
  cf::MPIPoolExecutor pool({.workers_per_node = 1, .caller_node = false});
  char folder[] = "/tmp/mpi_job_XXXXXX";
  if (::mkdtemp(folder) == nullptr) std::abort();
  const std::string pipe = std::string(folder) + "/said";
  if (::mkfifo(pipe.c_str(), 0600) != 0) std::abort();
  const int end = ::open(pipe.c_str(), O_RDWR);
  int said = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) pool.submit(square, i).result();
    pool.submit(say_so, pipe);
    char letter = 0;
    said += static_cast<int>(::read(end, &letter, 1));
  }
  ::close(end);
  ::unlink(pipe.c_str());
  ::rmdir(folder);
  std::printf("%d said so\n", said);
  return 0;
}

int at_exit_of_program(const std::string& which) {
  static cf::MPIPoolExecutor pool({.max_workers = 2, .caller_node = false});
  return at_exit::run(which.substr(which.find(' ') + 1), pool);
}

int silent() {
  cf::MPIPoolExecutor pool({.caller_node = false, .node_timeout = std::chrono::seconds(1)});
  Endless tasks(pool, 1);
  std::printf("busy %d %d\n", static_cast<int>(::getpid()), static_cast<int>(pool.nodes()[0].pid));
  std::fflush(stdout);
  try {
    tasks.futures[0].result();
  } catch (const cf::NodeDied& error) {
    std::printf("NodeDied: rank %d, %s\n", error.rank(), error.what());
    std::fflush(stdout);
  }
  return 0;
}

/// A signal that is sent to all ranks is for the program, which goes on with its agents.
int answers_signals() {
  sigset_t asked;
  sigemptyset(&asked);
  sigaddset(&asked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &asked, nullptr);
  cf::MPIPoolExecutor pool({.workers_per_node = 1, .caller_node = false});
  const int before = pool.submit(square, 5).result();
  std::printf("busy %d %d\n", static_cast<int>(::getpid()), static_cast<int>(pool.nodes()[0].pid));
  std::fflush(stdout);
  int number = 0;
  ::sigwait(&asked, &number);
  std::printf("signal %d, %d %d\n", number, before, pool.submit(square, 6).result());
  return 0;
}

int finalizes() {
  cf::MPIPoolExecutor pool;
  std::printf("%d\n", pool.submit(square, 2).result());
  std::fflush(stdout);
  MPI_Finalize();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what != "without freeze_support") mp::freeze_support(argc, argv);
  try {
    if (what == "crashes") return crashes();
    if (what == "values") return values();
    if (what == "storm") return storm();
    if (what == "busy") return busy(false);
    if (what == "idle") return busy(true);
    if (what == "sizes") return sizes();
    if (what == "logs") return logs();
    if (what == "silent") return silent();
    if (what == "answers signals") return answers_signals();
    if (what == "finalizes") return finalizes();
    if (what == "forks") return forks();
    if (what == "locale") return has_locale();
    if (what == "waits no more") return waits_no_more();
    if (what.starts_with("at_exit ")) return at_exit_of_program(what);
    if (what == "nothing") return 0;
    if (what == "throws") throw std::runtime_error("nobody catches this");
    if (what == "exits") std::exit(0);
    if (what == "forgets") {
      static cf::MPIPoolExecutor pool;  // shut down by the end of the program
      pool.submit(square, 1);
      return 0;
    }
    cf::MPIPoolExecutor pool;
    std::printf("%d\n", pool.submit(square, 2).result());
  } catch (const cf::RuntimeError& error) {
    std::printf("%s\n", error.what());
    std::fflush(stdout);
    return 3;
  }
  return 0;
}
