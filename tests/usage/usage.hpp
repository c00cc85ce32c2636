// SPDX-License-Identifier: BSL-1.0
// What the generated files of usage.py are written in: see there.
#pragma once

#include <concurrent/futures.hpp>
#include <concurrent/futures/progress.hpp>
#include <concurrent/multiprocessing.hpp>
#include <concurrent/pickle.hpp>

#include <atomic>
#include <chrono>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace usage {
namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

// One instantiation of an entry point, and the cells that it serves. `run` throws when the cell number `which` of them
// fails. A cell runs under the three start methods, or in threads.
struct Cells {
  const char* names;  // separated by ";"
  bool threads;
  void (*run)(int which);
};

std::vector<Cells>& all_cells();

struct Register {
  explicit Register(const Cells& cells) { all_cells().push_back(cells); }
};

// The pools of the program, with two workers each, under the start method that is being tested.
cf::ProcessPoolExecutor& processes();
cf::ThreadPoolExecutor& threads();
cf::ProcessPoolOptions process_options();

inline constexpr std::chrono::seconds deadline(60);

inline void expect(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

// Set in a worker by its initializer.
inline std::atomic<bool>& initialised() {
  static std::atomic<bool> flag;
  return flag;
}
inline bool is_initialised() { return initialised(); }

// In the worker: the argument is what the caller sent.
template <class Kind, class T>
bool arrived(const T& value) {
  expect(Kind::same(value, Kind::make()), "an argument arrived that is not what was sent");
  initialised() = true;
  return true;
}
template <class Kind, class T>
T passed(T&& value) {
  arrived<Kind>(value);
  return std::forward<T>(value);
}

// In the caller: the result is what the worker returned.
template <class Kind, class T>
void returned(const T& value) {
  if constexpr (std::is_same_v<T, bool> && !std::is_same_v<typename Kind::type, bool>) {
    expect(value, "the task returned false");
  } else {
    expect(Kind::same(value, Kind::make()), "a result arrived that is not what was sent");
  }
}

template <class T, class Make>
std::vector<T> three(Make make) {
  std::vector<T> items;
  items.reserve(3);
  for (int i = 0; i < 3; ++i) items.push_back(make());
  return items;
}

// Looks at each result of a map.
template <class Results, class Look>
void each_of_three(Results&& results, Look look) {
  using Result = std::ranges::range_value_t<Results>;
  int count = 0;
  for (auto&& result : results) {
    look(static_cast<const Result&>(result));  // a std::vector<bool> gives what stands for a bool
    ++count;
  }
  expect(count == 3, "a map of three items yields another number of results");
}

inline cf::MapOptions map_options(int which) {
  cf::MapOptions options;
  options.timeout = deadline;
  if (which == 1) options.chunksize = 2;
  if (which == 2) options.chunksize = cf::auto_chunksize;
  return options;
}

inline cf::TaskOptions task_options() {
  cf::TaskOptions options;
  options.label = "a cell";
  return options;
}

// For what is only compiled.
template <class T>
void takes(T);
template <class T>
T gives();
template <class T>
T returns(int);

}  // namespace usage
