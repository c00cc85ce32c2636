// SPDX-License-Identifier: BSL-1.0
// "At the k-th hit of point P, in process W, do X": one order at a time, in memory that all processes of this program
// share, however they were started. Each source of the fault tests includes this before the library.
#pragma once

#ifndef CONCURRENT_FUTURES_TEST_FAULTS
#define CONCURRENT_FUTURES_TEST_FAULTS 1
#endif

#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <stdexcept>
#include <string>

#include "support/shared_file.hpp"

namespace faults {

namespace ipc = concurrent::multiprocessing::detail;

enum class Do : std::uint32_t { nothing, kill, stop, abort, leave, fail, error, delay, hold };

inline const char* name_of(Do action) {
  constexpr const char* names[] = {"nothing", "SIGKILL", "SIGSTOP", "abort", "_exit(0)",
                                   "throw",   "errno",   "delay",   "hold"};
  return names[static_cast<std::uint32_t>(action)];
}

struct Table {
  static constexpr std::uint32_t most_names = 128;
  std::atomic<std::uint32_t> ordered{0};  // 1: `point` is the name of a point
  char point[40]{};
  std::atomic<std::uint32_t> action{0};
  std::atomic<std::uint32_t> argument{0};  // errno, or microseconds
  std::atomic<std::uint32_t> hit{1};
  std::atomic<std::uint32_t> hits{0};
  std::atomic<std::uint32_t> sprung{0};    // futex word
  std::atomic<std::uint32_t> released{0};  // futex word of Do::hold
  std::atomic<std::int32_t> only{0};       // this process alone; 0: any
  std::atomic<std::int32_t> victim{0};
  std::atomic<std::uint32_t> listening{0};  // 1: names are noted
  std::atomic<std::uint64_t> noted[most_names]{};
  char names[most_names][40]{};

  static constexpr const char* variable = "FAULTS_TABLE";

  static Table& get() {
    static Table* const table = open();
    return *table;
  }

  void order(const char* name) {
    ordered = 0;
    std::snprintf(point, sizeof point, "%s", name);
    ordered = 1;
  }

  static std::uint64_t hash(const char* name) {
    std::uint64_t value = 0xcbf29ce484222325ULL;
    for (; *name != '\0'; ++name) value = (value ^ static_cast<unsigned char>(*name)) * 0x100000001b3ULL;
    return value | 1;
  }

  void note(std::uint64_t value, const char* name) {
    for (std::uint32_t i = 0; i < most_names; ++i) {
      std::uint64_t empty = 0;
      if (noted[i].load() == value) return;
      if (!noted[i].compare_exchange_strong(empty, value)) {
        if (empty == value) return;
        continue;
      }
      std::snprintf(names[i], sizeof names[i], "%s", name);
      return;
    }
  }
  std::set<std::string> heard() const {
    std::set<std::string> all;
    for (std::uint32_t i = 0; i < most_names; ++i) {
      if (noted[i].load() != 0) all.insert(names[i]);
    }
    return all;
  }

 private:
  static Table* open() {
    support::SharedFile file;
    const char* const known = std::getenv(variable);
    if (known != nullptr && std::sscanf(known, "%d %d", &file.owner, &file.descriptor) == 2)
      return static_cast<Table*>(file.map_from_outside(sizeof(Table)));
    file = support::SharedFile::make("faults", sizeof(Table));
    ::setenv(variable, (std::to_string(file.owner) + " " + std::to_string(file.descriptor)).c_str(), 1);
    return ::new (file.map(sizeof(Table))) Table;
  }
};

inline constexpr std::uint32_t every = 0;  // for At: each hit

/// True: it is this passing that the order is about.
inline bool is_due(const char* name) {
  Table& table = Table::get();
  if (table.listening.load(std::memory_order_relaxed) != 0) table.note(Table::hash(name), name);
  if (table.ordered.load() == 0 || std::strcmp(table.point, name) != 0) return false;
  if (table.only.load() != 0 && table.only.load() != ::getpid()) return false;
  const std::uint32_t hits = table.hits.fetch_add(1) + 1;
  if (table.hit.load() != every && hits != table.hit.load()) return false;
  table.victim.store(::getpid());
  table.sprung.store(1);
  ipc::futex_wake(table.sprung, 100, true);
  return true;
}

inline void pass(const char* name) {
  if (!is_due(name)) return;
  Table& table = Table::get();
  switch (static_cast<Do>(table.action.load())) {
    case Do::kill:
      ::kill(::getpid(), SIGKILL);
      break;
    case Do::stop:
      ::kill(::getpid(), SIGSTOP);
      break;
    case Do::abort:
      std::abort();
    case Do::leave:
      ::_exit(0);
    case Do::fail:
      throw std::runtime_error("a fault of the test");
    case Do::delay: {
      const timespec pause{0, static_cast<long>(table.argument.load()) * 1000};
      ::nanosleep(&pause, nullptr);
      break;
    }
    case Do::hold: {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (table.released.load() == 0 && ipc::futex_wait(table.released, 0, end, true)) {
      }
      break;
    }
    case Do::nothing:
    case Do::error:
      break;
  }
}

inline int pass_error(const char* name) {
  if (!is_due(name)) return 0;
  return static_cast<int>(Table::get().argument.load());
}

/// Set as the program starts, so that a fresh image of it obeys too.
inline const bool hooks_are_set = [] {
  Table::get();
  ipc::fault_hook = &pass;
  ipc::fault_error_hook = &pass_error;
  return true;
}();

/// An order, as long as it lives. `hit` counts from now.
class At {
 public:
  explicit At(const std::string& point, Do action, std::uint32_t hit = 1, std::uint32_t argument = 0, pid_t only = 0) {
    Table& table = Table::get();
    table.action = static_cast<std::uint32_t>(action);
    table.argument = argument;
    table.hit = hit;
    table.hits = 0;
    table.sprung = 0;
    table.released = 0;
    table.only = only;
    table.victim = 0;
    table.order(point.c_str());
  }
  At(const At&) = delete;
  At& operator=(const At&) = delete;
  ~At() {
    release();
    Table::get().ordered = 0;
  }

  bool sprung(std::chrono::nanoseconds limit = std::chrono::seconds(20)) const {
    Table& table = Table::get();
    const auto end = std::chrono::steady_clock::now() + limit;
    while (table.sprung.load() == 0) {
      if (!ipc::futex_wait(table.sprung, 0, end, true)) return table.sprung.load() != 0;
    }
    return true;
  }
  pid_t victim() const { return Table::get().victim.load(); }
  std::uint32_t hits() const { return Table::get().hits.load(); }
  void release() const {
    Table::get().released = 1;
    ipc::futex_wake(Table::get().released, 100, true);
  }
};

}  // namespace faults
