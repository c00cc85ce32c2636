// SPDX-License-Identifier: BSL-1.0
// A server on Boost.Asio whose handlers co_await work in processes: the one thread of the server never computes. A
// client that goes away before it has its answer stops the task that runs for it.
//
// prints:
//   the answer is 5050
//   the task of the client that left is stopped
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <concurrent/futures.hpp>
#include <concurrent/futures/asio.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include <unistd.h>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
namespace asio = boost::asio;
using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;

long sum_up_to(long n, mp::Event begun) {
  begun.set();
  if (n < 0) ::sleep(3600);  // a task that takes for ever
  long sum = 0;
  for (long i = 1; i <= n; ++i) sum += i;
  return sum;
}

// Ends when the client has closed its end.
asio::awaitable<void> until_client_leaves(tcp::socket& socket) {
  char more = 0;
  boost::system::error_code error;
  co_await socket.async_read_some(asio::buffer(&more, 1), asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> serve(tcp::socket socket, cf::ProcessPoolExecutor& pool, mp::Event begun) {
  long n = 0;
  co_await asio::async_read(socket, asio::buffer(&n, sizeof n), asio::use_awaitable);
  const cf::Future<long> task = pool.submit(sum_up_to, n, begun);
  // Whichever ends first cancels the other, and to cancel a wait ends the worker of its task.
  const auto first = co_await (cf::async_wait(task, asio::use_awaitable) || until_client_leaves(socket));
  if (first.index() == 0) {
    const long sum = std::get<0>(first);
    co_await asio::async_write(socket, asio::buffer(&sum, sizeof sum), asio::use_awaitable);
  } else {
    std::printf("the task of the client that left %s\n", task.cancelled() ? "is stopped" : "still runs");
  }
}

asio::awaitable<void> ask(tcp::endpoint server, long n) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(&n, sizeof n), asio::use_awaitable);
  long sum = 0;
  co_await asio::async_read(socket, asio::buffer(&sum, sizeof sum), asio::use_awaitable);
  std::printf("the answer is %ld\n", sum);
}

// Leaves as soon as its task runs. A thread waits for that, so that the server does not.
asio::awaitable<void> ask_and_leave(tcp::endpoint server, cf::ThreadPoolExecutor& threads, mp::Event begun) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, asio::use_awaitable);
  const long n = -1;
  co_await asio::async_write(socket, asio::buffer(&n, sizeof n), asio::use_awaitable);
  co_await cf::async_wait(threads.submit([begun] { begun.wait(); }), asio::use_awaitable);
}

int main() {
  cf::ProcessPoolExecutor pool(2);
  cf::ThreadPoolExecutor threads(1);
  asio::io_context context;
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const mp::Event begun;
  const auto accept_two = [&]() -> asio::awaitable<void> {
    for (int client = 0; client < 2; ++client) {
      tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      co_await serve(std::move(socket), pool, client == 0 ? mp::Event() : begun);
    }
  };
  const auto clients = [&]() -> asio::awaitable<void> {
    co_await ask(acceptor.local_endpoint(), 100);
    co_await ask_and_leave(acceptor.local_endpoint(), threads, begun);
  };
  const auto failed = [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  };
  asio::co_spawn(context, accept_two, failed);
  asio::co_spawn(context, clients, failed);
  context.run();
}
