// SPDX-License-Identifier: BSL-1.0
// Bursts of empty tasks, each with a future: this library, with the default queue and a deeper one, with one worker and
// two, beside Asio's thread pool, in one run, in turns. Rows S1, S2 and S4.
#include <fmt/core.h>

#include <concurrent/futures.hpp>

#include "measure.hpp"

#if __has_include(<boost/asio/thread_pool.hpp>)
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#define BENCH_HAS_ASIO
#endif

namespace cf = concurrent::futures;

namespace {

constexpr std::size_t count = 1'000'000;

double million_a_second(std::chrono::steady_clock::time_point start) {
  return static_cast<double>(count) / bench::seconds_since(start) / 1e6;
}

template <class Pool>
double burst(Pool& pool) {
  std::vector<cf::Future<void>> futures;
  futures.reserve(count);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) futures.push_back(pool.submit([] {}));
  for (const auto& future : futures) future.result();
  return million_a_second(start);
}

double processes(int workers, int extra_queued_calls) {
  cf::ProcessPoolExecutor pool({.max_workers = workers, .extra_queued_calls = extra_queued_calls});
  pool.warm_up(workers);
  return burst(pool);
}

double threads() {
  cf::ThreadPoolExecutor pool(2);
  return burst(pool);
}

#ifdef BENCH_HAS_ASIO
double asio() {
  boost::asio::thread_pool pool(2);
  std::vector<std::future<void>> futures;
  futures.reserve(count);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    futures.push_back(boost::asio::post(pool, std::packaged_task<void()>([] {})));
  }
  for (auto& future : futures) future.get();
  const double result = million_a_second(start);
  pool.join();
  return result;
}
#endif

}  // namespace

int main() {
  bench::Figures figures;
  for (int repetition = 0; repetition < 5; ++repetition) {
    figures["S1 | processes, 2 workers"].add(processes(2, 1));
    figures["S4 | processes, 1 worker"].add(processes(1, 1));
    figures["S2 | processes, 2 workers, extra_queued_calls = 64"].add(processes(2, 64));
    figures["- | threads of this library, 2"].add(threads());
#ifdef BENCH_HAS_ASIO
    figures["- | Boost.Asio thread_pool, 2"].add(asio());
#endif
  }
  for (const auto& [name, samples] : figures) {
    fmt::print("| {} | {:.2f} million tasks/s ({:.2f} to {:.2f}){} | |\n", name, samples.median(),
               samples.values.front(), samples.values.back(), samples.inconclusive() ? ", inconclusive" : "");
  }
#ifndef BENCH_HAS_ASIO
  fmt::print("| - | Boost.Asio is not installed (Debian: libboost1.81-dev) | | |\n");
#endif
}
