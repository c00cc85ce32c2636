// SPDX-License-Identifier: BSL-1.0
// What a coroutine sees of futures: one text, whatever the coroutine's type. Its origins are this tree's tests, Asio in
// both its forms, and QCoro.
#pragma once

#include <concurrent/futures.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace support {

namespace rows {
inline int twice(int x) { return 2 * x; }
[[noreturn]] inline int fails() { throw std::out_of_range("no such thing"); }
inline void nothing() {}
inline std::unique_ptr<int> make() { return std::make_unique<int>(7); }
}  // namespace rows

/// What await_rows writes where nothing is wrong.
inline const std::string right_rows = "value 8, again 8, done 10, only moved 7, void, no such thing, cancelled, any.";

/// `Kind` says what the coroutine returns, Kind::Task, and how a future is waited for, Kind::wait(future).
template <class Kind, class Pool>
typename Kind::Task await_rows(Pool& pool, std::string& log) {
  concurrent::futures::Future<int> number = pool.submit(rows::twice, 4);
  log += "value " + std::to_string(co_await Kind::wait(number));
  log += ", again " + std::to_string(co_await Kind::wait(number));
  concurrent::futures::Future<int> done = pool.submit(rows::twice, 5);
  done.wait();
  log += ", done " + std::to_string(co_await Kind::wait(std::move(done)));
  const std::unique_ptr<int> pointer = co_await Kind::wait(pool.submit(rows::make));
  log += ", only moved " + std::to_string(*pointer);
  co_await Kind::wait(pool.submit(rows::nothing));
  log += ", void";
  try {
    co_await Kind::wait(pool.submit(rows::fails));
  } catch (const std::out_of_range& error) {
    log += std::string(", ") + error.what();
  }
  concurrent::futures::Future<int> dropped;
  dropped.cancel();
  try {
    co_await Kind::wait(dropped);
  } catch (const concurrent::futures::CancelledError&) {
    log += ", cancelled";
  }
  concurrent::futures::AnyFuture any = number;
  co_await Kind::wait(any);
  log += ", any.";
}

}  // namespace support
