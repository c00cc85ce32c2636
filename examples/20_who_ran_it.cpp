// SPDX-License-Identifier: BSL-1.0
// Each task can tell which process runs it; the caller can tell what its pool has done.
//
// prints:
//   the caller is MainProcess
//   the task ran in ForkProcess-<number>, another process: yes
//   its parent is the caller: yes
//   3 tasks submitted, 3 completed, 0 failed
//   ProcessPoolExecutor: shut down, 3 done
#include <fmt/core.h>
#include <unistd.h>

#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <string>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

std::string name() { return mp::current_process().name; }
pid_t pid() { return mp::current_process().pid; }
pid_t parent() { return mp::parent_process()->pid; }

int main() {
  cf::ProcessPoolExecutor pool(1);
  std::printf("the caller is %s\n", mp::current_process().name.c_str());
  const std::string worker = pool.submit(name).result();
  const bool another = pool.submit(pid).result() != getpid();
  std::printf("the task ran in %s, another process: %s\n", worker.c_str(), another ? "yes" : "no");
  std::printf("its parent is the caller: %s\n", pool.submit(parent).result() == getpid() ? "yes" : "no");
  pool.shutdown();
  const auto counts = pool.statistics();
  std::printf("%d tasks submitted, %d completed, %d failed\n", static_cast<int>(counts.submitted),
              static_cast<int>(counts.completed), static_cast<int>(counts.failed));
  std::printf("%s\n", fmt::format("{}", pool).c_str());
}
