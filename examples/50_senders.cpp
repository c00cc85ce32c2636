// SPDX-License-Identifier: BSL-1.0
// Futures as senders, for programs that are written with them: of the standard's <execution> where there is one, of
// stdexec or beman.execution if one of them is included before. Here is neither, so a receiver is written by hand: the
// sync_wait below is what those libraries have ready. LLVM's standard library before 20 has std::stop_token only with
// -fexperimental-library.
//
// prints:
//   21 doubled is 42
//   the task threw: no such row
//   asked to stop before it began: no value
//   the future that was waited for has 10
#include <concurrent/futures.hpp>
#include <concurrent/futures/execution.hpp>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>

namespace cf = concurrent::futures;
namespace ex = cf::execution;

/// What an operation came to, and a way to wait for that.
template <class T>
struct Outcome {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::optional<T> value;
  std::exception_ptr error;

  void complete(std::optional<T> with, std::exception_ptr thrown) noexcept {
    const std::lock_guard lock(mutex);
    value = std::move(with);
    error = std::move(thrown);
    done = true;
    changed.notify_all();
  }
};

/// How a receiver tells the sender of a wish to stop.
struct Environment {
  std::stop_token token;
  std::stop_token query(ex::get_stop_token_t) const noexcept { return token; }
};

template <class T>
struct Receiver {
  using receiver_concept = ex::receiver_tag;
  Outcome<T>* outcome;
  Environment environment;

  void set_value(T value) && noexcept { outcome->complete(std::move(value), nullptr); }
  void set_error(std::exception_ptr error) && noexcept { outcome->complete(std::nullopt, std::move(error)); }
  void set_stopped() && noexcept { outcome->complete(std::nullopt, nullptr); }
  Environment get_env() const noexcept { return environment; }
};

/// The value; nothing if the operation was stopped. Throws what the task threw.
template <class T, class Sender>
std::optional<T> sync_wait(Sender sender, std::stop_token token = {}) {
  Outcome<T> outcome;
  auto operation = ex::connect(std::move(sender), Receiver<T>{&outcome, {std::move(token)}});
  ex::start(operation);
  std::unique_lock lock(outcome.mutex);
  outcome.changed.wait(lock, [&] { return outcome.done; });
  if (outcome.error) std::rethrow_exception(outcome.error);
  return std::move(outcome.value);
}

int twice(int n) { return 2 * n; }
int row(int /*number*/) { throw std::out_of_range("no such row"); }

int main() {
  cf::ProcessPoolExecutor pool(1);

  auto sender = cf::submit_sender(pool, twice, 21);  // nothing is submitted before it is started
  std::printf("21 doubled is %d\n", *sync_wait<int>(std::move(sender)));
  try {
    sync_wait<int>(cf::submit_sender(pool, row, 7));
  } catch (const std::out_of_range& error) {
    std::printf("the task threw: %s\n", error.what());
  }

  std::stop_source source;
  source.request_stop();
  const auto none = sync_wait<int>(cf::submit_sender(pool, twice, 1), source.get_token());
  std::printf("asked to stop before it began: %s\n", none ? "a value" : "no value");

  cf::Future<int> future = pool.submit(twice, 5);  // runs already; whoever wants to can wait for it
  std::printf("the future that was waited for has %d\n", *sync_wait<int>(cf::as_sender(future)));
}
