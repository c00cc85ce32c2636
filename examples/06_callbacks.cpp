// SPDX-License-Identifier: BSL-1.0
// Callbacks run in this process, in the order added. One that throws is logged, and the next one runs.
//
// prints:
//   first callback: 42
//   logged: <…>a mistake in a callback<…>
//   third callback: 42
//   the result is there: 42
#include <concurrent/futures.hpp>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace cf = concurrent::futures;

int main() {
  cf::set_log_handler([](cf::LogLevel, std::string_view text) {
    std::printf("logged: %s\n", std::string(text.substr(0, text.find('\n'))).c_str());
  });
  cf::Future<int> future;
  {
    cf::ProcessPoolExecutor pool(1);
    pool.submit([] {}).result();
    future = pool.submit([](int a, int b) { return a * b; }, 6, 7);
    future.add_done_callback([](cf::Future<int> done) { std::printf("first callback: %d\n", done.result()); });
    future.add_done_callback([](cf::Future<int>) { throw std::runtime_error("a mistake in a callback"); });
    future.add_done_callback([](cf::Future<int> done) { std::printf("third callback: %d\n", done.result()); });
  }  // all callbacks have run when the pool is gone
  std::printf("the result is there: %d\n", future.result());
}
