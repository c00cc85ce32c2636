// SPDX-License-Identifier: BSL-1.0
// What every benchmark here needs: samples with their spread, work of a known length, and peers that run as programs of
// their own.
#pragma once

#include <fmt/core.h>
#include <stdio.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Works for so long, by the clock, so that a task has the same length on every machine and beside any neighbour.
inline void work_for(std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return;
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(nanoseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}

/// One figure, measured several times. What is asked of it holds once it is sorted.
struct Samples {
  std::vector<double> values;

  void add(double value) { values.insert(std::upper_bound(values.begin(), values.end(), value), value); }
  void sort() { std::sort(values.begin(), values.end()); }
  bool empty() const { return values.empty(); }
  double median() const { return quantile(0.5); }
  double quantile(double part) const {
    return values.empty() ? 0 : values[static_cast<std::size_t>(part * static_cast<double>(values.size()))];
  }
  /// How far the samples lie apart, relative to the median: 0.1 is ten percent.
  double spread() const { return values.empty() ? 0 : (values.back() - values.front()) / median(); }
  /// True when the samples lie so far apart that a comparison with them says nothing.
  bool inconclusive() const { return values.size() < 2 || values.back() > 2 * values.front(); }
};

/// The samples of one program in one run, by the name of the question.
using Figures = std::map<std::string, Samples>;

/// What those that take their figures in turns with Python's are asked for.
struct Options {
  int repetitions = 5;
  bool quick = false;  // once, and little
  bool with_python = true;
};

/// Nothing: it has said how it is used.
inline std::optional<Options> read_options(int argc, char** argv, const char* program) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--quick") {
      options.quick = true;
      options.repetitions = 1;
    } else if (option == "--no-python") {
      options.with_python = false;
    } else if (option == "--repetitions" && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      options.repetitions = std::atoi(argv[++i]);
    } else {
      fmt::print(stderr, "Use: {} [--repetitions N] [--quick] [--no-python]\n", program);
      return std::nullopt;
    }
  }
  return options;
}

/// Runs a peer that prints lines "name value", and adds what it printed; false when it cannot run.
inline bool run_peer(const std::string& command, Figures& figures) {
  FILE* output = popen((command + " 2>/dev/null").c_str(), "r");
  if (output == nullptr) return false;
  char name[64];
  double value = 0;
  while (std::fscanf(output, "%63s %lf", name, &value) == 2) figures[name].add(value);
  return pclose(output) == 0;
}

}  // namespace bench
