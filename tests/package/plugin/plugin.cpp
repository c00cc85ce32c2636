// SPDX-License-Identifier: BSL-1.0
// A library that is opened while a program runs, and has a pool of its own.
#include <concurrent/futures.hpp>
#include <stdexcept>

struct PluginError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
CONCURRENT_FUTURES_EXCEPTION(PluginError)

static int triple(int n) {
  if (n < 0) throw PluginError("negative");
  return 3 * n;
}

extern "C" int run_in_plugin(int n) {
  concurrent::futures::ProcessPoolExecutor pool(1);
  try {
    pool.submit(triple, -1).result();
    return -1;
  } catch (const PluginError&) {
    return pool.submit(triple, n).result();
  }
}
