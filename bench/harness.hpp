// SPDX-License-Identifier: BSL-1.0
// For programs that are run by Google Benchmark: each contender is a benchmark of one iteration that takes its own
// time, so that bench/run can call them in turns.
#pragma once

#include <benchmark/benchmark.h>

#include <string>

#include "measure.hpp"

namespace bench {

template <class Function>
void add(const std::string& name, Function function) {
  benchmark::RegisterBenchmark(name.c_str(), function)->UseManualTime()->Iterations(1);
}

/// What main returns, once the contenders are there.
inline int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
