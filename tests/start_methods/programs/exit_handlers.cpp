// SPDX-License-Identifier: BSL-1.0
// exit_handlers METHOD HOW: what the program has prepared for its own end must happen once, in it, and not in workers.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

/// Writes past every buffer, so that each time counts.
void say(const char* text) {
  const std::string line = std::string(text) + "\n";
  if (::write(1, line.data(), line.size()) < 0) std::abort();
}

struct Noisy {
  const char* text;
  ~Noisy() { say(text); }
};

/// As programs do: destroying it in a process that has not its thread would block or abort.
struct Background {
  std::thread thread;
  ~Background() {
    if (thread.joinable()) thread.join();
    say("background joined");
  }
};

Noisy at_end{"static destroyed"};
thread_local Noisy of_thread{"thread_local destroyed"};

int touch(int value) {
  static Noisy of_function{"static of the task destroyed"};
  return of_thread.text != nullptr && of_function.text != nullptr ? value : 0;
}
int leave(int status) { std::exit(status); }

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc < 3) return 2;
  const std::string how = argv[2];
  std::atexit([] { say("atexit"); });
  ::on_exit([](int, void*) { say("on_exit"); }, nullptr);
  static Background background{std::thread([] {})};
  if (how != "exits" && of_thread.text == nullptr) return 3;  // makes the one of this thread, which a fork inherits
  std::ios::sync_with_stdio(false);
  std::printf("printed ");
  std::cout << "streamed ";
  std::FILE* const file = std::tmpfile();
  std::fprintf(file, "filed ");
  std::ofstream null("/dev/null");
  null << "dropped";
  {
    cf::ProcessPoolOptions options;
    options.max_workers = 2;
    options.mp_context = mp::get_context(argv[1]);
    options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
    if (how == "replaced") options.max_tasks_per_child = 1;
    cf::ProcessPoolExecutor pool(options);
    for (int i = 0; i < 6; ++i) {
      if (how == "exits") {
        try {
          pool.submit(leave, 0).result();
        } catch (const cf::WorkerDied& death) {
          if (death.exit_status() != 0) say("another status");
        }
      } else {
        pool.submit(touch, i).result();
      }
    }
  }
  std::fflush(file);
  std::fseek(file, 0, SEEK_END);
  std::printf("file %ld\n", std::ftell(file));
  std::fclose(file);
}
