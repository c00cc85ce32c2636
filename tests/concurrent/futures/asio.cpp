// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <concurrent/futures.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "support/await_rows.hpp"
#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/run_program.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

#if __has_include(<boost/asio.hpp>)
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <concurrent/futures/asio.hpp>

namespace cf = concurrent::futures;
namespace asio = boost::asio;
using support::twice;

namespace {

struct AsioKind {
  using Task = asio::awaitable<void>;
  template <class Future>
  static auto wait(Future&& future) {
    return cf::async_wait(std::forward<Future>(future), asio::use_awaitable);
  }
};

template <class Pool>
std::string run(Pool& pool) {
  asio::io_context context;
  std::string log;
  const std::thread::id here = std::this_thread::get_id();
  asio::co_spawn(context, support::await_rows<AsioKind>(pool, log), [&](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
    CHECK(std::this_thread::get_id() == here);
  });
  context.run();  // a future that is waited for is work
  return log;
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked,
                 "async_wait: values, exceptions, void, move-only and done futures in an awaitable") {
  cf::ThreadPoolExecutor threads(2);
  CHECK(run(threads) == support::right_rows);
  cf::ProcessPoolExecutor processes(1);
  CHECK(run(processes) == support::right_rows);
}

TEST_CASE_METHOD(support::LeakChecked, "async_wait: any completion token, and never in the initiating call") {
  asio::io_context context;
  cf::Future<int> future;
  future.set_result(3);
  int value = 0;
  cf::async_wait(future, asio::bind_executor(context, [&](std::exception_ptr error, int result) {
                   CHECK_FALSE(error);
                   value = result;
                 }));
  CHECK(value == 0);
  context.run();
  CHECK(value == 3);

  // As a coroutine makes one of its executor.
  const asio::strand<asio::any_io_executor> strand(context.get_executor());
  cf::Future<int> stranded;
  cf::async_wait(stranded, asio::bind_executor(strand, [&](std::exception_ptr, int result) { value = result; }));
  std::thread finisher([&] { stranded.set_result(4); });
  context.restart();
  context.run();  // it has work until then
  finisher.join();
  CHECK(value == 4);

  // A token may pass its handler on as an lvalue.
  const auto handler = asio::bind_executor(context, [&](std::exception_ptr, int result) { value = result; });
  (new cf::detail::AsioWaitFor<std::decay_t<decltype(handler)>, cf::Future<int>>(handler, future))->begin();
  context.restart();
  context.run();
  CHECK(value == 3);

  asio::thread_pool pool(1);
  cf::Future<std::string> later;
  auto waited = cf::async_wait(later, asio::bind_executor(pool, asio::use_future));
  later.set_result("text");
  CHECK(waited.get() == "text");
  cf::Future<void> cancelled;
  auto nothing_came = cf::async_wait(cancelled, asio::bind_executor(pool, asio::use_future));
  cancelled.cancel();
  CHECK_THROWS_AS(nothing_came.get(), cf::CancelledError);
  pool.join();
}

TEST_CASE_METHOD(support::LeakChecked,
                 "async_wait: its cancellation slot stops a task, and cancels a call that waits") {
  cf::ProcessPoolExecutor pool(1);
  const auto runs = support::Gate::make();
  const auto never = support::Gate::make();
  asio::io_context context;
  const auto wait = [](support::Gate begun, support::Gate gate) {
    begun.open();
    gate.wait();
    return 1;
  };
  auto running = pool.submit(wait, runs, never);
  auto behind = pool.submit(twice, 2);
  asio::cancellation_signal stop_running;
  asio::cancellation_signal stop_behind;
  int cancelled = 0;
  const auto count = [&](std::exception_ptr error, int) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const cf::CancelledError&) {
      ++cancelled;
    }
  };
  cf::async_wait(running, asio::bind_cancellation_slot(stop_running.slot(), asio::bind_executor(context, count)));
  cf::async_wait(behind, asio::bind_cancellation_slot(stop_behind.slot(), asio::bind_executor(context, count)));
  runs.wait();
  stop_behind.emit(asio::cancellation_type::partial);
  stop_running.emit(asio::cancellation_type::terminal);
  context.run();
  CHECK(cancelled == 2);
  CHECK(running.cancelled());
  CHECK(behind.cancelled());
}

TEST_CASE_METHOD(support::LeakChecked, "async_wait: partial and total cancellation ask a running task to stop") {
  const auto until_asked = [](cf::StopToken stop, support::Gate begun) {
    begun.open();
    const auto end = support::Clock::now() + support::patience;
    while (!stop.stop_requested() && support::Clock::now() < end) {
    }
    return stop.stop_requested() ? 7 : 0;
  };
  const auto stops = [&](auto& pool, asio::cancellation_type type) {
    const auto begun = support::Gate::make();
    asio::io_context context;
    asio::cancellation_signal stop;
    int value = 0;
    cf::async_wait(pool.submit(until_asked, begun),
                   asio::bind_cancellation_slot(stop.slot(),
                                                asio::bind_executor(context, [&](std::exception_ptr error, int result) {
                                                  CHECK_FALSE(error);
                                                  value = result;
                                                })));
    begun.wait();
    stop.emit(type);
    context.run();
    return value;
  };
  cf::ProcessPoolExecutor processes(1);
  CHECK(stops(processes, asio::cancellation_type::partial) == 7);
  CHECK(stops(processes, asio::cancellation_type::total) == 7);
  cf::ThreadPoolExecutor threads(1);
  CHECK(stops(threads, asio::cancellation_type::partial) == 7);
  CHECK(stops(threads, asio::cancellation_type::total) == 7);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "async_wait: a context that ends first destroys the handler, and the future touches neither") {
  auto token = std::make_shared<int>(1);
  cf::Future<int> future;
  {
    asio::io_context context;
    for (int i = 0; i < 3; ++i)
      cf::async_wait(future, asio::bind_executor(context, [token](std::exception_ptr, int) { FAIL("called"); }));
    CHECK(token.use_count() == 4);
  }
  CHECK(token.use_count() == 1);
  future.set_result(1);
}

TEST_CASE_METHOD(support::LeakChecked, "async_wait: races of a future that is done and a context that ends") {
  std::atomic<int> called{0};
  int destroyed = 0;
  auto token = std::make_shared<int>(0);
  for (int i = 0; i < 300; ++i) {
    cf::Future<int> future;
    auto context = std::make_unique<asio::io_context>();
    cf::async_wait(future, asio::bind_executor(*context, [token, &called](std::exception_ptr, int) { ++called; }));
    std::thread finisher([&future] { future.set_result(1); });
    if (i % 2 == 0) context->poll();
    context.reset();
    finisher.join();
    if (token.use_count() == 1) ++destroyed;
  }
  CHECK(destroyed == 300);
  CHECK(called <= 150);
}

namespace {

/// An executor of a context, which calls `on_work_finished` where its count of work is given back.
class Watched {
 public:
  Watched(asio::io_context& context, const std::function<void()>& on_work_finished) noexcept
      : context_(&context), on_work_finished_(&on_work_finished) {}

  Watched require(asio::execution::outstanding_work_t::tracked_t) const {
    Watched tracked(*this);
    tracked.work_ = std::shared_ptr<void>(context_, [call = on_work_finished_](void*) { (*call)(); });
    return tracked;
  }
  Watched require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  template <class Function>
  void execute(Function function) const {
    asio::post(*context_, std::move(function));
  }
  bool operator==(const Watched&) const noexcept = default;

 private:
  asio::io_context* context_;
  const std::function<void()>* on_work_finished_;
  std::shared_ptr<void> work_;
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "async_wait: the count of work is given back before the context can end") {
  const auto here = std::this_thread::get_id();
  std::atomic<bool> gives_back{false};
  std::atomic<bool> ended{false};
  bool late = false;
  cf::Future<int> future;
  auto context = std::make_unique<asio::io_context>();
  const std::function<void()> on_work_finished = [&] {
    if (std::this_thread::get_id() == here) return;
    gives_back = true;
    late = support::eventually([&] { return ended.load(); }, std::chrono::milliseconds(50)) || late;
  };
  cf::async_wait(future, asio::bind_executor(Watched(*context, on_work_finished), [](std::exception_ptr, int) {}));
  std::thread finisher([&future] { future.set_result(1); });
  CHECK(support::eventually([&] { return gives_back.load(); }));
  context.reset();
  ended = true;
  finisher.join();
  CHECK_FALSE(late);
}

TEST_CASE_METHOD(support::LeakChecked, "async_wait: the last handle gives its result away") {
  asio::io_context context;
  cf::Future<std::string> future;
  future.set_result("a text that is too long to be small");
  const char* const place = future.result().data();
  const char* arrived = nullptr;
  cf::async_wait(std::move(future), asio::bind_executor(context, [&](std::exception_ptr, const std::string& text) {
                   arrived = text.data();
                 }));
  context.run();
  CHECK(static_cast<const void*>(arrived) == place);
}
#endif

TEST_CASE_METHOD(support::LeakChecked, "async_wait: with the Asio that stands alone, where that is installed") {
  const support::Ran ran = support::run_program({support::own_folder() + "/programs/asio_standalone"});
  INFO(ran.out);
  CHECK((ran.status == 0 || ran.status == 77));
}
