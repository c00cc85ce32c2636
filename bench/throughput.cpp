// SPDX-License-Identifier: BSL-1.0
// How many empty tasks a second, how long one takes there and back, and how fast large values cross: beside Python's
// own pool, in one run, in turns.
//
//   throughput [--repetitions N] [--quick] [--no-python]
#include <fmt/core.h>

#include <concurrent/futures.hpp>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "measure.hpp"

namespace cf = concurrent::futures;
using bench::Figures;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t size = std::size_t{64} << 20;

void empty() {}
std::size_t size_of(std::span<const std::byte> data) { return data.size(); }
/// Returned by reference, so that the value is pickled from where it lies, as Python does with its global.
const std::vector<std::byte>& big() {
  static const std::vector<std::byte> bytes(size, std::byte{1});
  return bytes;
}

double tasks_per_second(int workers, std::size_t count) {
  cf::ProcessPoolExecutor pool(workers);
  pool.warm_up(workers);
  const auto burst = [&pool](std::size_t tasks) {
    std::vector<cf::Future<void>> futures;
    futures.reserve(tasks);
    for (std::size_t i = 0; i < tasks; ++i) futures.push_back(pool.submit(empty));
    for (auto& future : futures) future.result();
  };
  burst(1000);
  const auto start = Clock::now();
  burst(count);
  return static_cast<double>(count) / bench::seconds_since(start);
}

void round_trips(std::size_t count, Figures& figures) {
  cf::ProcessPoolExecutor pool(2);
  for (int i = 0; i < 100; ++i) pool.submit(empty).result();
  bench::Samples microseconds;
  microseconds.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = Clock::now();
    pool.submit(empty).result();
    microseconds.values.push_back(bench::seconds_since(start) * 1e6);
  }
  std::sort(microseconds.values.begin(), microseconds.values.end());
  figures["p50"].add(microseconds.median());
  figures["p99"].add(microseconds.values[count * 99 / 100]);
}

template <class Round>
double gigabytes_per_second(int count, Round round) {
  round();
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) round();
  return static_cast<double>(size) * count / bench::seconds_since(start) / 1e9;
}

void measure(bool quick, Figures& figures) {
  figures["tasks_1"].add(tasks_per_second(1, quick ? 2'000 : 200'000));
  figures["tasks_2"].add(tasks_per_second(2, quick ? 2'000 : 200'000));
  round_trips(quick ? 200 : 20'000, figures);
  const int count = quick ? 1 : 10;
  {
    cf::ProcessPoolExecutor pool(1);
    const std::vector<std::byte>& bytes = big();
    figures["argument"].add(
        gigabytes_per_second(count, [&] { pool.submit(size_of, std::span<const std::byte>(bytes)).result(); }));
    figures["result"].add(gigabytes_per_second(count, [&] { pool.submit(big).result(); }));
  }
  std::vector<std::byte> copy(size);
  figures["memcpy"].add(gigabytes_per_second(count, [&] {
    std::memcpy(copy.data(), big().data(), size);
    asm volatile("" ::"r"(copy.data()) : "memory");
  }));
}

struct Question {
  const char* name;
  const char* text;
  bool less_is_better;
  double mark;  // how many times better than Python we mean to be
};

constexpr Question questions[] = {
    {"tasks_1", "empty tasks/s, 1 worker", false, 50}, {"tasks_2", "empty tasks/s, 2 workers", false, 50},
    {"p50", "round trip, median, us", true, 0},        {"p99", "round trip, 99 %, us", true, 0},
    {"argument", "64 MiB argument, GB/s", false, 20},  {"result", "64 MiB result, GB/s", false, 20}};

std::string cell(const bench::Samples& samples) {
  if (samples.empty()) return "-";
  const double median = samples.median();
  return fmt::format("{} +-{:.0f} %", median >= 1000 ? fmt::format("{:.0f}", median) : fmt::format("{:.2f}", median),
                     50 * samples.spread());
}

std::string verdict(const Question& question, const bench::Samples& ours, const bench::Samples& python) {
  if (python.empty()) return "-";
  const double ratio = question.less_is_better ? python.median() / ours.median() : ours.median() / python.median();
  if (ours.inconclusive() || python.inconclusive()) return fmt::format("inconclusive (about {:.0f})", ratio);
  if (question.mark == 0) return fmt::format("{:.0f}", ratio);
  return fmt::format("{:.0f} (mark: {:.0f}, {})", ratio, question.mark, ratio >= question.mark ? "met" : "missed");
}

void print_table(const Figures& ours, const Figures& python) {
  const auto of = [](const Figures& figures, const char* name) {
    const auto found = figures.find(name);
    return found == figures.end() ? bench::Samples{} : found->second;
  };
  fmt::print("| {:<26} | {:>20} | {:>20} | {:<28} |\n", "", "here", "Python", "times better");
  fmt::print("| {:-<26} | {:->19}: | {:->19}: | {:-<28} |\n", "", "", "", "");
  for (const Question& question : questions) {
    fmt::print("| {:<26} | {:>20} | {:>20} | {:<28} |\n", question.text, cell(of(ours, question.name)),
               cell(of(python, question.name)), verdict(question, of(ours, question.name), of(python, question.name)));
  }
  const auto median = [&](const char* name) { return of(ours, name).median(); };
  fmt::print("\ntwo workers against one: {:.2f} (mark: 1)\n", median("tasks_2") / median("tasks_1"));
  fmt::print("of a warm memcpy ({} GB/s): argument {:.2f}, result {:.2f}\n", cell(of(ours, "memcpy")),
             median("argument") / median("memcpy"), median("result") / median("memcpy"));
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = bench::read_options(argc, argv, "throughput");
  if (!options) return 2;
  auto [repetitions, quick, with_python] = *options;
  Figures ours;
  Figures python;
  const std::string peer =
      fmt::format("python3 '{}/python/throughput.py' {}", CONCURRENT_FUTURES_BENCH_DIR, quick ? "--quick" : "");
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    measure(quick, ours);
    if (with_python) with_python = bench::run_peer(peer, python);
  }
  if (!with_python && python.empty()) fmt::print("Python is not measured: python3 did not run or was not asked for.\n");
  fmt::print("medians of {} interleaved repetitions, with half of what lies between the least and the greatest\n\n",
             repetitions);
  print_table(ours, python);
}
