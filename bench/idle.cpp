// SPDX-License-Identifier: BSL-1.0
// What a pool costs that has nothing to do: processor time and wake-ups of all its processes and threads in ten
// seconds, from the second second on: a pool gives pages back when it has been idle for one. Row S8.
#include <sys/wait.h>
#include <unistd.h>

#include <concurrent/futures.hpp>
#include <csignal>
#include <thread>

#include "harness.hpp"
#include "process_tree.hpp"

namespace {

/// The pool lives in a process of its own, so that looking at it does not count.
void idle(benchmark::State& state) {
  int ready[2];
  if (pipe(ready) != 0) return state.SkipWithError("no pipe");
  const pid_t caller = fork();
  if (caller == 0) {
    concurrent::futures::ProcessPoolExecutor pool(2);
    pool.warm_up(2);
    for (int i = 0; i < 10'000; ++i) pool.submit([] {}).result();
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte = 0;
  if (read(ready[0], &byte, 1) != 1) return state.SkipWithError("the pool did not start");
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const auto processes = bench::family(caller);
  for (auto _ : state) {
    const bench::Use before = bench::use_of(processes);
    std::this_thread::sleep_for(std::chrono::seconds(10));
    const bench::Use after = bench::use_of(processes);
    state.SetIterationTime(10);
    state.counters["cpu_milliseconds"] = (after.cpu_seconds - before.cpu_seconds) * 1e3;
    state.counters["wake_ups"] = static_cast<double>(after.wake_ups - before.wake_ups);
    state.counters["processes"] = static_cast<double>(processes.size());
  }
  kill(caller, SIGKILL);
  waitpid(caller, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace

int main(int argc, char** argv) {
  bench::add("idle/processes", idle);
  return bench::run(argc, argv);
}
