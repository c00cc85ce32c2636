// SPDX-License-Identifier: BSL-1.0
// One test text for every kind of executor: threads, and processes by each start method there is. The macros register
// a test case per kind, the kind at the end of its name: "E1 submit: … (fork)".
#pragma once

#include <chrono>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/shared.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

namespace support {

struct ThreadKind {
  static constexpr bool is_process = false;
  std::string name = "thread";

  cf::ThreadPoolExecutor pool(int max_workers = 5) const { return cf::ThreadPoolExecutor(max_workers); }
  cf::ThreadPoolExecutor pool(int max_workers, cf::Initializer initializer) const {
    return cf::ThreadPoolExecutor({.max_workers = max_workers, .initializer = std::move(initializer)});
  }
};

#ifndef SUPPORT_PROCESS_KIND_ON_NODES
struct ProcessKind {
  static constexpr bool is_process = true;
  static constexpr std::chrono::seconds news_delay{0};  // until the caller knows of what has happened in a worker
  std::string name;                                     // of the start method

  cf::ProcessPoolExecutor pool(int max_workers = 5) const {
    return pool(cf::ProcessPoolOptions{.max_workers = max_workers});
  }
  cf::ProcessPoolExecutor pool(int max_workers, cf::Initializer initializer) const {
    return pool(cf::ProcessPoolOptions{.max_workers = max_workers, .initializer = std::move(initializer)});
  }
  cf::ProcessPoolExecutor pool(cf::ProcessPoolOptions options) const {
    return cf::ProcessPoolExecutor(with_context(std::move(options)));
  }
  cf::ProcessPoolOptions with_context(cf::ProcessPoolOptions options) const {
    options.mp_context = mp::get_context(name);
    return options;
  }
};

inline std::vector<ProcessKind> process_kinds() {
  std::vector<ProcessKind> kinds;
  for (const std::string& method : mp::get_all_start_methods()) kinds.push_back({method});
  return kinds;
}

/// Calls it with the context of each.
template <class Body>
void for_each_start_method(Body body) {
  for (const std::string& method : mp::get_all_start_methods()) body(mp::get_context(method));
}
#else  // the same promises asked of a pool over several nodes
}  // namespace support
#include "support/nodes_kind.hpp"
namespace support {
#endif

/// Runs one test body for one kind, between a leak check's two looks and under a deadline.
template <class Kind>
class KindInvoker : public Catch::ITestInvoker {
 public:
  using Body = std::function<void(const Kind&)>;
  KindInvoker(Body body, Kind kind, std::chrono::minutes limit)
      : body_(std::move(body)), kind_(std::move(kind)), limit_(limit) {}
  void invoke() const override {
#ifdef SUPPORT_PROCESS_KIND_ON_NODES
    if (Kind::is_process) {
      if (const char* const reason = reason_to_leave_out(test_name())) {
        std::printf("left out: %s: %s\n", test_name().c_str(), reason);
        return;
      }
      ProcessKind::prepare();
    }
#endif
    const LeakCheck leaks;
    const DeadlineGuard deadline(test_name(), limit_);
    body_(kind_);
  }

 private:
  Body body_;
  Kind kind_;
  std::chrono::minutes limit_;
};

template <class Kind>
void register_test(const std::function<void(const Kind&)>& body, const Kind& kind, const char* file, int line,
                   const std::string& name, const std::string& tags) {
  const std::chrono::minutes limit(tags.find("[long]") == std::string::npos ? 1 : 20);
  const std::string full_name = name + " (" + kind.name + ")";
  Catch::AutoReg(
#if __has_include(<catch2/catch_all.hpp>)
      Catch::Detail::unique_ptr<Catch::ITestInvoker>(new KindInvoker<Kind>(body, kind, limit)),
#else
      new KindInvoker<Kind>(body, kind, limit),
#endif
      Catch::SourceLineInfo(file, static_cast<std::size_t>(line)), Catch::StringRef(),
      Catch::NameAndTags{full_name, tags});
}

struct RegisterForProcesses {
  RegisterForProcesses(const std::function<void(const ProcessKind&)>& body, const char* file, int line,
                       const std::string& name, const std::string& tags = "") {
    for (const ProcessKind& kind : process_kinds()) register_test<ProcessKind>(body, kind, file, line, name, tags);
  }
};

struct RegisterForAll {
  RegisterForAll(void (*on_threads)(const ThreadKind&), void (*on_processes)(const ProcessKind&), const char* file,
                 int line, const std::string& name, const std::string& tags = "") {
    register_test<ThreadKind>(on_threads, ThreadKind{}, file, line, name, tags);
    const RegisterForProcesses rest(on_processes, file, line, name, tags);
  }
};

}  // namespace support

#define SUPPORT_JOIN_(a, b) a##b
#define SUPPORT_JOIN(a, b) SUPPORT_JOIN_(a, b)

#define EACH_PROCESS_POOL_(function, ...)                                                                       \
  static void function(const support::ProcessKind&);                                                            \
  static const support::RegisterForProcesses SUPPORT_JOIN(function, _registered)(&function, __FILE__, __LINE__, \
                                                                                 __VA_ARGS__);                  \
  static void function([[maybe_unused]] const support::ProcessKind& kind)

#define EACH_EXECUTOR_(function, ...)                                                                    \
  template <class Kind>                                                                                  \
  static void function(const Kind&);                                                                     \
  static const support::RegisterForAll SUPPORT_JOIN(function, _registered)(                              \
      &function<support::ThreadKind>, &function<support::ProcessKind>, __FILE__, __LINE__, __VA_ARGS__); \
  template <class Kind>                                                                                  \
  static void function([[maybe_unused]] const Kind& kind)

/// EACH_PROCESS_POOL("P3 name", "[tags]") { auto pool = kind.pool(2); … }
#define EACH_PROCESS_POOL(...) EACH_PROCESS_POOL_(SUPPORT_JOIN(process_pool_test_, __COUNTER__), __VA_ARGS__)

/// EACH_EXECUTOR("E1 name", "[tags]") { auto pool = kind.pool(2); … }
#define EACH_EXECUTOR(...) EACH_EXECUTOR_(SUPPORT_JOIN(executor_test_, __COUNTER__), __VA_ARGS__)
