// SPDX-License-Identifier: BSL-1.0
// Futures in QCoro's tasks: a program of its own, since it alone needs Qt. Prints what is wrong and returns how much;
// 77: there is no QCoro, or a sanitizer that would have to know Qt's locks.
//
// A QCoro task belongs to one thread: whoever waits for it enters a list that the task reads, without a lock, when it
// ends. A future's waiters go on where callbacks run; so each wait goes back to Qt's event loop, as a program with
// windows does.
#include <cstdio>

#if __has_include(<qcoro/qcorotask.h>)
#include <qcoro/qcorotask.h>
#include <qcoro/qcorothread.h>

#include <concurrent/futures.hpp>
#include <concurrent/futures/coroutine.hpp>

#include <QCoreApplication>
#include <QThread>
#include <QTimer>

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "support/await_rows.hpp"

namespace cf = concurrent::futures;

namespace {

QCoro::ThreadContext back_to_qt() { return QCoro::moveToThread(QCoreApplication::instance()->thread()); }

/// The future must live until this is over.
template <class T, class Future>
QCoro::Task<T> wait_in_qt(Future&& future) {
  std::exception_ptr error;
  std::optional<std::conditional_t<std::is_void_v<T>, int, T>> value;
  try {
    if constexpr (std::is_void_v<T>)
      co_await std::forward<Future>(future);
    else
      value.emplace(co_await std::forward<Future>(future));
  } catch (...) {
    error = std::current_exception();
  }
  co_await back_to_qt();
  if (error) std::rethrow_exception(error);
  if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

struct QtKind {
  using Task = QCoro::Task<void>;
  template <class Future>
  static auto wait(Future&& future) {
    using Value = decltype(operator co_await(std::forward<Future>(future)).await_resume());
    return wait_in_qt<std::decay_t<Value>>(std::forward<Future>(future));
  }
};

QCoro::Task<int> adds(cf::ProcessPoolExecutor& pool) {
  co_return co_await QtKind::wait(pool.submit(support::rows::twice, 3)) + 1;
}

int check(bool good, const char* what) {
  if (!good) std::printf("wrong: %s\n", what);
  return good ? 0 : 1;
}

template <class Pool>
QCoro::Task<> rows_of(Pool& pool, const char* what, int& wrong) {
  std::string log;
  co_await support::await_rows<QtKind>(pool, log);
  if (log != support::right_rows) std::printf("%s\n", log.c_str());
  wrong += check(log == support::right_rows, what);
}

QCoro::Task<> all(cf::ThreadPoolExecutor& threads, cf::ProcessPoolExecutor& processes, int& wrong) {
  co_await rows_of(threads, "the rows with threads", wrong);
  co_await rows_of(processes, "the rows with processes", wrong);
  wrong += check(co_await adds(processes) == 7, "a task that waits for a task");
  wrong += check(QThread::currentThread() == QCoreApplication::instance()->thread(), "the thread at the end");
  QCoreApplication::quit();
}

}  // namespace

int main(int argc, char** argv) {
  cf::ThreadPoolExecutor threads(2);
  cf::ProcessPoolExecutor processes(1);
  QCoreApplication application(argc, argv);
  int wrong = 0;
  QTimer::singleShot(0, [&] { static_cast<void>(all(threads, processes, wrong)); });
  QCoreApplication::exec();
  return wrong;
}
#else
int main() {
  std::puts("skipped: QCoro was not found (Debian: qcoro-qt6-dev), or ThreadSanitizer, which does not see Qt's locks");
  return 77;
}
#endif
