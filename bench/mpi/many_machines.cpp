// SPDX-License-Identifier: BSL-1.0
// MPIPoolExecutor with one worker on one other node, which is another rank of this machine, asked what peers/mpi_master
// and peers/mpi4py_pool.py are asked. Prints lines "name value".
//
//   CONCURRENT_FUTURES_RANKS_AS_NODES=1 mpirun -n 2 many_machines burst | round_trip | payload | idle
#include <concurrent/futures.hpp>
#include <concurrent/futures/mpi.hpp>
#include <concurrent/multiprocessing.hpp>

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace cf = concurrent::futures;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int empty(int number) { return number; }
std::size_t size_of(std::span<const std::byte> data) { return data.size(); }

double burst(cf::MPIPoolExecutor& pool, int tasks) {
  std::vector<cf::Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  const auto start = Clock::now();
  for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(empty, i));
  for (auto& future : futures) future.result();
  return seconds_since(start);
}

/// Seconds of each time, in order.
template <class Function>
std::vector<double> times(int count, Function function) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) {
    const auto start = Clock::now();
    function();
    all.push_back(seconds_since(start));
  }
  std::sort(all.begin(), all.end());
  return all;
}

void round_trip(cf::MPIPoolExecutor& pool) {
  const auto sorted = times(10'000, [&] { pool.submit(empty, 1).result(); });
  std::printf("p50_us %g\np99_us %g\n", sorted[5'000] * 1e6, sorted[9'900] * 1e6);
}

void payload(cf::MPIPoolExecutor& pool) {
  const std::vector<std::byte> data(std::size_t{64} << 20, std::byte{1});
  pool.submit(size_of, std::span(data)).result();
  const auto sorted = times(15, [&] { pool.submit(size_of, std::span(data)).result(); });
  std::printf("argument/64MiB %g\n", static_cast<double>(data.size()) / sorted[7] / 1e9);
}

/// Of a process on this machine, with all its threads.
double processor_seconds(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void idle(const cf::MPIPoolExecutor& pool) {
  constexpr int seconds = 10;
  std::this_thread::sleep_for(std::chrono::seconds(6));  // from five on it looks less often
  const pid_t agent = pool.nodes()[0].pid;
  const double caller_before = processor_seconds(::getpid());
  const double agent_before = processor_seconds(agent);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  std::printf("percent_of_a_core/caller %g\n", (processor_seconds(::getpid()) - caller_before) / seconds * 100);
  std::printf("percent_of_a_core/agent %g\n", (processor_seconds(agent) - agent_before) / seconds * 100);
}

}  // namespace

int main(int argc, char** argv) {
  concurrent::multiprocessing::freeze_support(argc, argv);
  const std::string question = argc > 1 ? argv[1] : "";
  cf::MPIPoolExecutor pool({.workers_per_node = 1, .caller_node = false});
  burst(pool, 5'000);
  if (question == "burst") std::printf("tasks_per_second %g\n", 200'000 / burst(pool, 200'000));
  if (question == "round_trip") round_trip(pool);
  if (question == "payload") payload(pool);
  if (question == "idle") idle(pool);
  return 0;
}
