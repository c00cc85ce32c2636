// SPDX-License-Identifier: BSL-1.0
// Futures in QCoro's tasks: a program of its own, since it alone needs Qt. Prints what is wrong and returns how much;
// 77: there is no QCoro.
#include <cstdio>

#if __has_include(<qcoro/qcorotask.h>)
#include <qcoro/qcorotask.h>
#include <concurrent/futures.hpp>
#include <concurrent/futures/coroutine.hpp>

#include <atomic>
#include <string>
#include <utility>

#include "support/await_rows.hpp"

namespace cf = concurrent::futures;

namespace {

struct QtKind {
  using Task = QCoro::Task<void>;
  template <class Future>
  static Future&& wait(Future&& future) {
    return std::forward<Future>(future);
  }
};

QCoro::Task<int> adds(cf::ProcessPoolExecutor& pool) { co_return co_await pool.submit(support::rows::twice, 3) + 1; }

template <class Pool>
QCoro::Task<> all(Pool& pool, std::string& log, std::atomic<bool>& ended) {
  co_await support::await_rows<QtKind>(pool, log);
  ended = true;
  ended.notify_all();
}

QCoro::Task<> nested(cf::ProcessPoolExecutor& pool, int& value, std::atomic<bool>& ended) {
  value = co_await adds(pool);
  ended = true;
  ended.notify_all();
}

int check(bool good, const char* what) {
  if (!good) std::printf("wrong: %s\n", what);
  return good ? 0 : 1;
}

template <class Pool>
int rows_of(Pool& pool, const char* what) {
  std::string log;
  std::atomic<bool> ended{false};
  const auto task = all(pool, log, ended);
  ended.wait(false);
  if (log != support::right_rows) std::printf("%s\n", log.c_str());
  return check(log == support::right_rows, what);
}

}  // namespace

int main() {
  cf::ThreadPoolExecutor threads(2);
  cf::ProcessPoolExecutor processes(1);
  int wrong = rows_of(threads, "the rows with threads") + rows_of(processes, "the rows with processes");
  int value = 0;
  std::atomic<bool> ended{false};
  const auto task = nested(processes, value, ended);
  ended.wait(false);
  wrong += check(value == 7, "a task that waits for a task");
  return wrong;
}
#else
int main() {
  std::puts("skipped: QCoro was not found (Debian: qcoro-qt6-dev)");
  return 77;
}
#endif
