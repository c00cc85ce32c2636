// SPDX-License-Identifier: BSL-1.0
// What a cache line costs that changes its owner: two threads on two processors add to one word in turns. Prints
// "nanoseconds/0-1 value" for each pair of processors that this process may use: there and back, in the quickest tenth
// of many short rounds, which other work on the machine leaves alone.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

void stay_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(processor), &set);
  ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

constexpr std::uint32_t turns = 200;  // a round

double nanoseconds(int first, int second) {
  constexpr std::uint32_t rounds = 500;
  alignas(128) std::atomic<std::uint32_t> word{0};
  const auto play = [&word](std::uint32_t round, std::uint32_t parity) {
    const std::uint32_t begin = round * 2 * turns;
    for (std::uint32_t i = begin + parity; i < begin + 2 * turns; i += 2) {
      while (word.load(std::memory_order_acquire) != i) {
      }
      word.store(i + 1, std::memory_order_release);
    }
  };
  std::thread other([&] {
    stay_on(second);
    for (std::uint32_t round = 0; round < rounds; ++round) play(round, 1);
  });
  stay_on(first);
  std::vector<double> each;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    play(round, 0);
    each.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / turns);
  }
  other.join();
  std::nth_element(each.begin(), each.begin() + rounds / 10, each.end());
  return each[rounds / 10];
}

}  // namespace

int main() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (::sched_getaffinity(0, sizeof mine, &mine) != 0) {
    std::perror("line_cost: sched_getaffinity");
    return 1;
  }
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE && processors.size() < 8;
       ++i) {  // of many, the first few are enough to see the levels
    if (CPU_ISSET(static_cast<std::size_t>(i), &mine)) processors.push_back(i);
  }
  for (std::size_t a = 0; a < processors.size(); ++a) {
    for (std::size_t b = a + 1; b < processors.size(); ++b) {
      std::printf("nanoseconds/%d-%d %.1f\n", processors[a], processors[b], nanoseconds(processors[a], processors[b]));
    }
  }
}
