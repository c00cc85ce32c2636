// SPDX-License-Identifier: BSL-1.0
// Each task writes how far it is into a dict that the caller reads meanwhile. `update` reads, changes and writes as
// one, so that also a total is exact.
//
// prints:
//   while they work, a task has done between 0 and 50 steps: yes
//   apples: 50
//   pears: 50
//   plums: 50
//   total: 150
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

using Progress = mp::DictProxy<std::string, int>;

void pick(Progress progress, std::string fruit) {
  for (int step = 1; step <= 50; ++step) {
    progress.set(fruit, step);
    progress.update("total", [](int& n) { ++n; });
  }
}

int main() {
  mp::Manager manager;
  const Progress progress = manager.dict<std::string, int>({{"total", 0}});
  cf::ProcessPoolExecutor pool(3);
  std::vector<cf::Future<void>> tasks;
  for (const std::string& fruit : std::vector<std::string>{"plums", "apples", "pears"})
    tasks.push_back(pool.submit(pick, progress, fruit));
  bool right = true;
  for (const auto& task : tasks) {
    while (!task.done()) {
      const int pears = progress.get("pears", 0);
      right = right && pears >= 0 && pears <= 50;
    }
  }
  std::printf("while they work, a task has done between 0 and 50 steps: %s\n", right ? "yes" : "no");
  for (const auto& [fruit, steps] : progress.items()) std::printf("%s: %d\n", fruit.c_str(), steps);
}
