// SPDX-License-Identifier: BSL-1.0
// A task that says how far it is and can be asked to stop, and one that does not listen: its worker is ended instead,
// and the pool starts another.
//
// prints:
//   the sum is on its way
//   asked to stop, it gave what it had: yes
//   who does not listen is ended, and its future cancelled: yes
//   the pool goes on: 42
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace cf = concurrent::futures;

struct Sum {
  std::uint64_t terms = 0;
  double value = 0;
};

/// A worker sees a request at its next look, which costs a load of one word; so does what it reports.
Sum harmonic(cf::StopToken stop, std::uint64_t terms) {
  Sum sum;
  while (sum.terms < terms && !stop.stop_requested()) {
    sum.value += 1.0 / static_cast<double>(++sum.terms);
    cf::report_progress(sum.terms, terms);
  }
  return sum;
}

/// Somebody else's code, say, that knows of no token.
void spin() {
  for (volatile bool forever = true; forever;) {
  }
}

int main() {
  cf::ProcessPoolExecutor pool(2);

  const std::uint64_t all = 1'000'000'000'000;
  auto sum = pool.submit(harmonic, all);
  while (sum.progress().done < 1000) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::puts("the sum is on its way");
  sum.request_stop();
  const std::uint64_t terms = sum.result().terms;
  std::printf("asked to stop, it gave what it had: %s\n", terms >= 1000 && terms < all ? "yes" : "no");

  auto deaf = pool.submit({.on_stop = cf::OnStop::terminate}, spin);
  while (!deaf.running()) std::this_thread::yield();
  deaf.request_stop();
  deaf.wait();
  std::printf("who does not listen is ended, and its future cancelled: %s\n", deaf.cancelled() ? "yes" : "no");

  std::printf("the pool goes on: %d\n", pool.submit([](int n) { return 2 * n; }, 21).result());
}
