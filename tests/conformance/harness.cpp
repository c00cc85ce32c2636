// SPDX-License-Identifier: BSL-1.0
// Rows H1 to H5: what every other row stands on is itself seen to work.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "conformance/six_futures.hpp"
#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using support::contains;

TEST_CASE("H1 leak check: it sees a child, a thread, a descriptor, a mapping, a file and a handler too many") {
  const support::LeakCheck check;
  CHECK(check.leaks() == "");
  {
    const pid_t child = support::fork_child([] { return 0; });
    CHECK(contains(check.leaks(), "not reaped"));
    support::wait_status(child);
    CHECK(check.leaks() == "");
  }
  {
    const auto gate = support::Gate::make();
    std::thread thread([gate] { gate.wait(); });
    CHECK(contains(check.leaks(), "new thread"));
    gate.open();
    thread.join();
  }
  {
    const int descriptor = ::memfd_create("leaked", MFD_CLOEXEC);
    CHECK(contains(check.leaks(), "new descriptor"));
    REQUIRE(::ftruncate(descriptor, 4096) == 0);
    void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    CHECK(contains(check.leaks(), "new mapping"));
    ::munmap(memory, 4096);
  }
  {
    const std::string path = "/dev/shm/leak_check_" + std::to_string(::getpid());
    const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);  // open: nobody else's, for all to see
    CHECK((file < 0 || contains(check.leaks(), "/dev/shm: leak_check_")));
    ::close(file);
    ::unlink(path.c_str());
  }
  {
    const std::string path = "/dev/shm/leak_check_of_another_" + std::to_string(::getpid());
    const auto made = support::Gate::make();
    const auto gate = support::Gate::make();
    // Its parent is not this process, so it is none of ours.
    const pid_t parent = support::fork_child([&] {
      if (::fork() != 0) return 0;
      const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
      made.open();
      gate.wait();
      ::close(file);
      ::unlink(path.c_str());
      return 0;
    });
    support::wait_status(parent);
    made.wait();
    CHECK(check.leaks() == "");
    gate.open();
    CHECK(support::eventually([&] { return ::access(path.c_str(), F_OK) != 0; }));
  }
  {
    struct sigaction changed{};
    struct sigaction before{};
    changed.sa_handler = [](int) {};
    ::sigaction(SIGUSR2, &changed, &before);
    CHECK(contains(check.leaks(), "new signal setting"));
    ::sigaction(SIGUSR2, &before, nullptr);
  }
}

EACH_EXECUTOR("H2 shutdown: once more at the end of a test is harmless") {
  auto pool = kind.pool(5);
  CHECK(pool.max_workers() == 5);
  CHECK(pool.submit(multiply, 1, 1).result() == 1);
  pool.shutdown(true);
  pool.shutdown(true);
  pool.shutdown(false, true);
}

EACH_EXECUTOR("H3 executor: every kind is tested by the same text") {
  auto pool = kind.pool(2);
  static_assert(cf::Executor<decltype(pool)>);
  const pid_t worker = pool.submit(own_pid).result();
  CHECK((worker != ::getpid()) == Kind::is_process);
  if constexpr (Kind::is_process) CHECK(pool.mp_context().get_start_method() == kind.name);
}

TEST_CASE("H4 Future: each of the six states can be made") {
  CHECK_FALSE(pending_future().done());
  CHECK(running_future().running());
  CHECK(cancelled_future().cancelled());
  CHECK(notified_future().cancelled());
  CHECK(failed_future().exception() != nullptr);
  CHECK(finished_future().result() == 42);
}

EACH_PROCESS_POOL("H5 gate, counter: a task in another process sees them and is seen") {
  auto pool = kind.pool(1);
  const auto there = support::Gate::make();
  const auto here = support::Gate::make();
  const auto count = support::Counter::make();
  auto future = pool.submit(
      [](support::Gate arrived, support::Gate go, support::Counter counter) {
        arrived.open();
        go.wait();
        return counter.add(2);
      },
      there, here, count);
  there.wait();
  CHECK(count.value() == 0);
  here.open();
  CHECK(future.result() == 2);
  CHECK(count.value() == 2);
}
