// SPDX-License-Identifier: BSL-1.0
// Workers of several nodes are killed at any moment of their lives, whichever way the nodes are reached. For tests and
// for programs that a launcher starts.
#pragma once

#include <concurrent/futures.hpp>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// Says in the file that this number was worked on; -1: somebody has said so before.
inline int mark_in_file(const std::string& path, int number) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  char before = 0;
  const ssize_t read = ::pread(file, &before, 1, number);
  const bool written = ::pwrite(file, "x", 1, number) == 1;
  ::close(file);
  return read >= 0 && written && before != 'x' ? number : -1;
}

struct NodeStorm {
  int submitted = 0;
  int values = 0;
  int died = 0;   // with a text that names the node
  int wrong = 0;  // ran twice, or said something else

  /// Kills so many workers of this pool, which replaces them without end and fails their calls, while it works. It has
  /// shut the pool down when it returns.
  template <class Pool>
  void run(Pool& pool, int kills) {
    namespace cf = concurrent::futures;
    char path[] = "/tmp/storm-over-nodes-XXXXXX";
    ::close(::mkstemp(path));
    const std::string own_program = program_of(::getpid());
    std::mt19937 random(std::random_device{}());
    std::deque<std::pair<int, cf::Future<int>>> on_their_way;
    const auto take = [&] {
      auto [number, future] = std::move(on_their_way.front());
      on_their_way.pop_front();
      try {
        ++(future.result(std::chrono::minutes(1)) == number ? values : wrong);
      } catch (const cf::WorkerDied& error) {
        const bool names_node =
            !error.host().empty() && std::string(error.what()).find(" On node " + error.host()) != std::string::npos;
        ++(names_node ? died : wrong);
      }
    };
    while (kills > 0) {
      std::vector<pid_t> workers = pool.processes();  // before they have work: it takes longer than that
      for (int more = 0; more < 20; ++more) {
        on_their_way.emplace_back(submitted, pool.submit(mark_in_file, std::string(path), submitted));
        ++submitted;
      }
      for (std::size_t i = 1 + random() % 4; i > 0 && !workers.empty() && kills > 0; --i) {
        const std::size_t at = random() % workers.size();
        // One that has ended since may have given its id to somebody else.
        if (program_of(workers[at]) == own_program && ::kill(workers[at], SIGKILL) == 0) --kills;
        workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(at));
      }
      while (on_their_way.size() > 100) take();
    }
    while (!on_their_way.empty()) take();
    pool.shutdown();
    ::unlink(path);
  }

 private:
  static std::string program_of(pid_t process) {
    char path[4096] = {};
    return ::readlink(("/proc/" + std::to_string(process) + "/exe").c_str(), path, sizeof path - 1) > 0 ? path : "";
  }
};

}  // namespace support
