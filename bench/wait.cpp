// SPDX-License-Identifier: BSL-1.0
// wait on many futures: one call for all, and a loop of wait(FIRST_COMPLETED) that takes what is done and waits for the
// rest. The time for each future must not grow with their number.
#include <fmt/core.h>

#include <concurrent/futures.hpp>
#include <thread>

#include "measure.hpp"

namespace cf = concurrent::futures;

namespace {

using Futures = std::vector<cf::Future<int>>;

struct Loop {
  double seconds = 0;
  int rounds = 0;
};

/// Takes the futures as they complete, with Python's loop; `give_away` passes what is left as an rvalue.
Loop wait_in_a_loop(Futures left, bool give_away) {
  const auto start = std::chrono::steady_clock::now();
  Loop loop;
  while (!left.empty()) {
    auto [done, not_done] =
        give_away ? cf::wait(std::move(left), cf::FIRST_COMPLETED) : cf::wait(left, cf::FIRST_COMPLETED);
    left = std::move(not_done);
    ++loop.rounds;
  }
  loop.seconds = bench::seconds_since(start);
  return loop;
}

/// Completes the futures one after the other, as workers would: about as many a second.
std::thread complete(const Futures& futures, std::chrono::nanoseconds pause) {
  return std::thread([futures, pause] {
    auto next = std::chrono::steady_clock::now();
    for (const auto& future : futures) {
      while (std::chrono::steady_clock::now() < next) {
      }
      next += pause;
      future.set_result(0);
    }
  });
}

}  // namespace

int main() {
  fmt::print(
      "| futures | wait, all done | wait, one by one | as_completed | loop of FIRST_COMPLETED | rounds | "
      "same, given away | rounds | ns a future |\n");
  fmt::print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  const std::size_t counts[] = {1'000, 3'000, 10'000, 30'000, 100'000};
  const std::chrono::nanoseconds pause(2'000);
  for (const std::size_t count : counts) {
    bench::Samples done_already, one_by_one, completed, loop_times, given_times;
    int rounds = 0;
    int given_rounds = 0;
    for (int repetition = 0; repetition < 5; ++repetition) {
      {
        Futures futures(count);
        std::thread worker = complete(futures, pause);
        const auto start = std::chrono::steady_clock::now();
        cf::wait(futures);
        one_by_one.add(bench::seconds_since(start));
        worker.join();
        const auto again = std::chrono::steady_clock::now();
        cf::wait(futures);
        done_already.add(bench::seconds_since(again));
      }
      {
        Futures futures(count);
        std::thread worker = complete(futures, pause);
        const auto start = std::chrono::steady_clock::now();
        std::size_t seen = 0;
        for (const auto& future : cf::as_completed(futures)) seen += static_cast<std::size_t>(future.done());
        completed.add(bench::seconds_since(start));
        worker.join();
        if (seen != count) return 1;
      }
      for (const bool give_away : {false, true}) {
        Futures futures(count);
        std::thread worker = complete(futures, pause);
        const Loop loop = wait_in_a_loop(futures, give_away);
        worker.join();
        (give_away ? given_times : loop_times).add(loop.seconds);
        (give_away ? given_rounds : rounds) = loop.rounds;
      }
    }
    const auto ms = [](const bench::Samples& samples) { return samples.median() * 1e3; };
    fmt::print("| {} | {:.3f} ms | {:.2f} ms | {:.2f} ms | {:.2f} ms | {} | {:.2f} ms | {} | {:.0f} |\n", count,
               ms(done_already), ms(one_by_one), ms(completed), ms(loop_times), rounds, ms(given_times), given_rounds,
               loop_times.median() * 1e9 / static_cast<double>(count));
  }
  fmt::print("\nFutures complete one every {} us; a figure near that for each future is the work, not the waiting.\n",
             static_cast<double>(pause.count()) / 1e3);
}
