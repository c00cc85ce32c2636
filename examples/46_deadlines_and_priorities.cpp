// SPDX-License-Identifier: BSL-1.0
// Calls that wait start in the order of their priority, equal ones in that of submission; a deadline is a priority too:
// the sooner, the greater. A call that has started is not interrupted.
//
// prints:
//   urgent
//   due in 1 s
//   due in 5 s
//   due in 9 s
//   whenever there is time
#include <concurrent/futures.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>

namespace cf = concurrent::futures;

int main() {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  cf::ThreadPoolExecutor pool(1);
  pool.submit([&] {  // so that the others wait behind this one
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
  });
  const auto say = [](const std::string& text) { std::puts(text.c_str()); };
  const auto due_in = [&](int seconds) {
    pool.submit({.priority = 1000 - seconds}, say, "due in " + std::to_string(seconds) + " s");
  };
  pool.submit({.priority = -1}, say, "whenever there is time");
  due_in(9);
  due_in(1);
  due_in(5);
  pool.submit({.priority = 1'000'000}, say, "urgent");
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  changed.notify_all();
}
