// SPDX-License-Identifier: BSL-1.0
// as_completed: results in the order in which they come, and which input each belongs to: a map from the futures to
// what they were made for.
//
// prints:
//   fast took 0 ms
//   medium took 200 ms
//   slow took 400 ms
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <utility>

namespace cf = concurrent::futures;

int task(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}

int main() {
  cf::ProcessPoolExecutor pool(3);
  std::map<cf::Future<int>, std::string> future_to_name;
  for (const auto& [name, milliseconds] : {std::pair("slow", 400), std::pair("fast", 0), std::pair("medium", 200)}) {
    future_to_name.emplace(pool.submit(task, milliseconds), name);
  }
  for (const auto& future : cf::as_completed(future_to_name)) {
    std::printf("%s took %d ms\n", future_to_name.at(future).c_str(), future.result());
  }
}
