// SPDX-License-Identifier: BSL-1.0
// How many processes are kept ready and when another is made, told by hand what a zygote tells it.
#include <concurrent/multiprocessing/detail/standby_pool.hpp>

#include <chrono>
#include <utility>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace ipc = concurrent::multiprocessing::detail;
using namespace std::chrono_literals;

namespace {

constexpr ipc::StandbyPool::Clock::time_point start{1h};

/// A process that waits to be killed, and the other end of its orders.
struct Ready {
  ipc::Descriptor theirs;
  pid_t pid;

  explicit Ready(ipc::StandbyPool& pool) {
    auto [ours, other] = ipc::make_message_channel();
    theirs = std::move(other);
    auto [gone, kept] = ipc::make_message_channel();
    pid = ::fork();
    if (pid == 0) {
      for (int i = 3; i < 256; ++i) {  // the other ends are nobody's but the test's
        if (i != kept.get()) ::close(i);
      }
      kept.reset();
      for (;;) ::pause();
    }
    kept.reset();
    char none = 0;
    CHECK(::read(gone.get(), &none, 1) == 0);  // it has closed them
    REQUIRE(pid > 0);
    pool.making();
    pool.add({pid, ipc::Descriptor(), std::move(ours)});
  }
  ~Ready() {
    ::kill(pid, SIGKILL);
    ipc::wait_for(pid, nullptr);
  }
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
};

}  // namespace

TEST_CASE("StandbyPool: where no worker is replaced none is made, until one has died") {
  ipc::StandbyPool pool(0);
  pool.worker_started(start);
  CHECK_FALSE(pool.lacks_one());
  CHECK(pool.use({}).pid == 0);
  pool.want_one();
  CHECK_FALSE(pool.lacks_one());  // the new worker comes first
  pool.worker_started(start);
  CHECK(pool.lacks_one());
  pool.want_one();  // no second one
  const Ready ready(pool);
  CHECK_FALSE(pool.lacks_one());
}

TEST_CASE("StandbyPool: after a long fork the new worker has the processor for as long again") {
  ipc::StandbyPool pool(1);
  pool.note_fork(900us);
  pool.worker_started(start);
  CHECK(pool.milliseconds_left(start) == 0);
  pool.note_fork(7ms);
  pool.worker_started(start);
  CHECK(pool.milliseconds_left(start) == 7);
  CHECK(pool.milliseconds_left(start + 6500us) == 1);
  CHECK(pool.milliseconds_left(start + 8ms) == 0);
  pool.note_fork(3s);
  pool.worker_started(start);
  CHECK(pool.milliseconds_left(start) == 50);
}

TEST_CASE("StandbyPool: the oldest becomes the worker, and where they run out, more are kept") {
  ipc::StandbyPool pool(1);
  CHECK(pool.use({}).pid == 0);  // none was made yet: that says nothing of how many are needed
  pool.worker_started(start);
  const Ready first(pool);
  CHECK_FALSE(pool.lacks_one());
  CHECK(pool.use({}).pid == first.pid);
  CHECK(pool.use({}).pid == 0);
  pool.worker_started(start);
  const Ready second(pool);
  CHECK(pool.lacks_one());  // two are wanted now
  const Ready third(pool);
  CHECK_FALSE(pool.lacks_one());
  ipc::ZygoteRequest request;
  request.worker = 3;
  CHECK(pool.use(request).pid == second.pid);
  ipc::ZygoteRequest taken;
  REQUIRE(ipc::take_message(second.theirs.get(), taken, MSG_DONTWAIT) == ipc::Taken::message);
  CHECK(taken.worker == 3);
  pool.reaped(third.pid);
  for (int i = 0; i < 5; ++i) CHECK(pool.use({}).pid == 0);
  pool.worker_started(start);
  const Ready a(pool), b(pool), c(pool);
  CHECK(pool.lacks_one());
  const Ready d(pool);
  CHECK_FALSE(pool.lacks_one());  // four, and never more
}

TEST_CASE("StandbyPool: one that cannot be told is killed, and the next takes the slot") {
  ipc::StandbyPool pool(2);
  Ready gone(pool);
  const Ready next(pool);
  gone.theirs.reset();
  CHECK(pool.use({}).pid == next.pid);
  int status = 0;
  CHECK(ipc::wait_for(gone.pid, &status) == gone.pid);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}
