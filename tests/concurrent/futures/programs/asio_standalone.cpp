// SPDX-License-Identifier: BSL-1.0
// async_wait in a program of the Asio that stands alone. A program of its own, since the two Asios cannot be in one
// that includes concurrent/futures/asio.hpp. Prints what is wrong and returns how much; 77: there is no such Asio.
#include <cstdio>

#if __has_include(<asio.hpp>)
#define CONCURRENT_FUTURES_STANDALONE_ASIO
#ifdef __clang__  // Asio before 1.24 knows only its experimental coroutines
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <concurrent/futures.hpp>
#include <concurrent/futures/asio.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "support/await_rows.hpp"

namespace cf = concurrent::futures;

namespace {

int until_asked(cf::StopToken stop) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
  }
  return stop.stop_requested() ? 1 : 0;
}

struct AsioKind {
  using Task = asio::awaitable<void>;
  template <class Future>
  static auto wait(Future&& future) {
    return cf::async_wait(std::forward<Future>(future), asio::use_awaitable);
  }
};

int check(bool good, const char* what) {
  if (!good) std::printf("wrong: %s\n", what);
  return good ? 0 : 1;
}

}  // namespace

int main() {
  cf::ProcessPoolExecutor pool(1);
  asio::io_context context;
  std::string log;
  int wrong = 0;
  asio::co_spawn(context, support::await_rows<AsioKind>(pool, log),
                 [&](std::exception_ptr error) { wrong += check(error == nullptr, "the rows end"); });
  context.run();
  wrong += check(log == support::right_rows, "the rows");

  auto future = pool.submit(until_asked);
  asio::cancellation_signal stop;
  int value = -1;
  context.restart();
  cf::async_wait(future, asio::bind_cancellation_slot(
                             stop.slot(), asio::bind_executor(context, [&](std::exception_ptr error, int result) {
                               if (!error) value = result;
                             })));
  while (!future.running()) {
  }
  stop.emit(asio::cancellation_type::partial);
  context.run();
  // Asked in the moment between being taken and beginning, it may have been cancelled instead.
  wrong += check(value == 1 || (value == -1 && future.cancelled()), "partial cancellation");
  return wrong;
}
#else
int main() {
  std::puts("skipped: the Asio that stands alone was not found (Debian: libasio-dev)");
  return 77;
}
#endif
