// SPDX-License-Identifier: BSL-1.0
// ends METHOD HOW: a program that ends in some way while its tasks run and others wait. First it prints the processes
// of its pool. As "ends look PID…" it is what the program becomes by exec: it looks whether those have ended.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/processes.hpp"
#include "support/shared.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

int busy(support::Counter started) {
  started.add();
  for (volatile unsigned spins = 0;;) spins = spins + 1;
}

int look(int argc, char** argv) {
  std::vector<pid_t> processes;
  for (int i = 2; i < argc; ++i) processes.push_back(static_cast<pid_t>(std::stol(argv[i])));
  const bool gone = support::eventually([&] { return support::count_alive(processes) == 0; }, std::chrono::seconds(5));
  std::printf("%s\n", gone ? "gone" : "still there");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc < 3) return 2;
  const std::string method = argv[1];
  const std::string how = argv[2];
  if (method == "look") return look(argc, argv);
  const auto started = support::Counter::make();
  auto* const pool = new cf::ProcessPoolExecutor({.max_workers = 2, .mp_context = mp::get_context(method)});
  std::vector<cf::Future<int>> futures;
  if (how == "exit_short") {  // what has been submitted is finished first, as in Python
    for (int i = 0; i < 20; ++i)
      futures.push_back(pool->submit(
          [](int value) {
            std::printf("task %d\n", value);
            return value;
          },
          i));
    std::exit(3);
  }
  for (int i = 0; i < 20; ++i) futures.push_back(pool->submit(busy, started));
  started.wait_until(2);
  std::vector<std::string> words{argv[0], "look"};
  for (const pid_t process : support::descendants(::getpid())) words.push_back(std::to_string(process));
  for (std::size_t i = 2; i < words.size(); ++i) std::printf("%s ", words[i].c_str());
  std::printf("\n");
  std::fflush(stdout);
  if (how == "_exit") ::_exit(4);
  if (how == "abort") {
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  }
  if (how == "kill") std::raise(SIGKILL);
  if (how == "throw") throw std::runtime_error("nobody catches this");
  if (how == "quick_exit") std::quick_exit(5);
  if (how == "exec") {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv("/proc/self/exe", arguments.data());
  }
  return 2;
}
