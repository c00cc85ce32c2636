// SPDX-License-Identifier: BSL-1.0
// Large values there and back, beside a memcpy of warm pages: gigabytes a second. Row S5.
#include <concurrent/futures.hpp>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "harness.hpp"

namespace cf = concurrent::futures;

namespace {

using Bytes = std::vector<std::byte>;

const Bytes& held(std::size_t size) {
  static const Bytes bytes(size, std::byte{1});
  return bytes;
}

std::size_t take_span(std::span<const std::byte> data) { return data.size(); }
/// Returned by reference and thus pickled from where it lies, as Python does with a global.
const Bytes& give_held(std::size_t size) { return held(size); }
/// Made by the task: its fresh pages are part of the figure.
Bytes give_made(std::size_t size) { return Bytes(size); }

template <class Round>
void measure(benchmark::State& state, std::size_t size, Round round) {
  const int count = size > (1 << 20) ? 10 : 5000;
  for (int i = 0; i < count / 5; ++i) round();
  bench::Samples seconds;
  for (auto _ : state) {
    for (int i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      round();
      seconds.values.push_back(bench::seconds_since(start));
    }
  }
  seconds.sort();
  state.SetIterationTime(seconds.median());
  state.counters["gigabytes_per_second"] = static_cast<double>(size) / seconds.median() / 1e9;
}

template <class Function>
void add_payload(const std::string& name, std::size_t size, Function function) {
  bench::add(name + (size > (1 << 20) ? "/64MiB" : "/64KiB"), [=](benchmark::State& state) { function(state, size); });
}

}  // namespace

int main(int argc, char** argv) {
  for (const std::size_t size : {std::size_t{64} << 20, std::size_t{64} << 10}) {
    // Pages are warm, caches are not: what crosses to another core has left this one's cache too.
    add_payload("payload/memcpy", size, [](benchmark::State& state, std::size_t bytes) {
      constexpr std::size_t room = std::size_t{64} << 20;
      const Bytes from(room, std::byte{1});
      Bytes to(room);
      std::size_t at = 0;
      measure(state, bytes, [&] {
        std::memcpy(to.data() + at, from.data() + at, bytes);
        benchmark::ClobberMemory();
        at = (at + bytes) % room;
      });
    });
    add_payload("payload/argument", size, [](benchmark::State& state, std::size_t bytes) {
      cf::ProcessPoolExecutor pool(2);
      measure(state, bytes, [&] { pool.submit(take_span, std::span(held(bytes))).result(); });
    });
    add_payload("payload/result", size, [](benchmark::State& state, std::size_t bytes) {
      held(bytes);  // before the fork
      cf::ProcessPoolExecutor pool(2);
      measure(state, bytes, [&] { benchmark::DoNotOptimize(pool.submit(give_held, bytes).result()); });
    });
    // Into warm pages of the caller's.
    add_payload("payload/result_into", size, [](benchmark::State& state, std::size_t bytes) {
      held(bytes);
      cf::ProcessPoolExecutor pool(2);
      Bytes to(bytes, std::byte{2});
      measure(state, bytes, [&] { benchmark::DoNotOptimize(pool.submit(give_held, bytes).result_into(to)); });
    });
    // What a copy costs whose destination nobody has touched.
    add_payload("payload/memcpy_fresh", size, [](benchmark::State& state, std::size_t bytes) {
      const Bytes from(bytes, std::byte{1});
      measure(state, bytes, [&] { benchmark::DoNotOptimize(Bytes(from)); });
    });
    add_payload("payload/result_made", size, [](benchmark::State& state, std::size_t bytes) {
      cf::ProcessPoolExecutor pool(2);
      measure(state, bytes, [&] { benchmark::DoNotOptimize(pool.submit(give_made, bytes).result()); });
    });
  }
  return bench::run(argc, argv);
}
