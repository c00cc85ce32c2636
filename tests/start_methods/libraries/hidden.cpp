// SPDX-License-Identifier: BSL-1.0
// A library that shows one symbol, and uses a pool of its own: whatever the program has of concurrent::futures is
// another copy, with other variables.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

struct HiddenError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
CONCURRENT_FUTURES_EXCEPTION(HiddenError)

namespace {

int prepared = 0;  // in each worker
int calls = 0;

void prepare(int value) { prepared = value; }
int add_prepared(int n) {
  if (n < 0) throw HiddenError("negative");
  return prepared + n;
}

cf::ProcessPoolOptions options(const std::string& method) {
  cf::ProcessPoolOptions all;
  all.max_workers = 1;
  all.mp_context = mp::get_context(method);
  return all;
}

int inner(const std::string& method) {
  cf::ProcessPoolExecutor pool(options(method));
  return pool.submit([](int n) { return n + 1; }, 41).result();
}

std::string run(const std::string& method) {
  cf::ProcessPoolOptions all = options(method);
  all.initializer = cf::Initializer{prepare, 100};
  all.max_tasks_per_child = 4;
  cf::ProcessPoolExecutor pool(all);
  for (int n = 0; n < 10; ++n) {  // also in workers that start later
    if (pool.submit(add_prepared, n).result() != 100 + n) return "sum";
  }
  try {
    pool.submit(add_prepared, -1).result();
    return "no exception";
  } catch (const HiddenError& error) {
    if (error.what() != std::string("negative")) return error.what();
  }
  const std::string name = pool.submit([] { return mp::current_process().name; }).result();
  if (name.find("Process-") == std::string::npos) return name;
  const mp::Value<int> value(1);
  pool.submit([](mp::Value<int> shared) { shared.store(2); }, value).result();
  if (value.load() != 2) return "value";
  cf::ProcessPoolExecutor counting(options(method));
  counting.submit([] { ++calls; }).result();
  if (counting.submit([] { return ++calls; }).result() != 2) return "the library's own variables";
  if (counting.submit(inner, method).result() != 42) return "a pool in a task";
  return "right";
}

}  // namespace

/// Prints nothing where all is right; else what is wrong, and returns 1.
extern "C" __attribute__((visibility("default"))) int hidden_run(const char* method) {
  std::string found;
  try {
    found = run(method);
  } catch (const std::exception& error) {
    found = error.what();
  }
  if (found == "right") return 0;
  std::printf("%s: %s\n", method, found.c_str());
  return 1;
}

/// What comes of this library's exception that a task of this library throws in the program's pool.
extern "C" __attribute__((visibility("default"))) const char* hidden_caught(cf::ProcessPoolExecutor& pool) {
  try {
    pool.submit(add_prepared, -1).result();
  } catch (const HiddenError& error) {
    return error.what() == std::string("negative") ? "right" : "another text";
  } catch (const std::exception&) {
    return "another type";
  }
  return "no exception";
}
