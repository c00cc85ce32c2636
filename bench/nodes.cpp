// SPDX-License-Identifier: BSL-1.0
// How a pool over several nodes grows: 1 to 32 agents of one worker each, all on this machine behind sockets, and tasks
// that sleep for a millisecond, so that no processor is the limit. Prints a line for each: the time that it took over
// what it would take if nothing cost anything, and the caller's and its agents' processor time a task.
//
//   nodes [most tasks]   10'000 unless said
#include <concurrent/futures.hpp>
#include <concurrent/futures/detail/nodes/node_pool_members.hpp>
#include <concurrent/futures/detail/nodes/socket_link.hpp>

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace cf = concurrent::futures;
namespace detail = concurrent::futures::detail;
using concurrent::multiprocessing::detail::Descriptor;

class SocketNode final : public detail::NodeConnection {
  struct Link final : detail::NodeLink {
    Link(Descriptor here, Descriptor there, detail::NodePeer& peer)
        : agent_end(std::move(there)), agent(agent_end), caller_end(std::move(here)) {
      agent_end.start(agent);
      caller_end.start(peer);
    }
    ~Link() override { agent_end.stop(); }
    void send(detail::Message message) override { caller_end.send(std::move(message)); }

    detail::SocketLink agent_end;
    detail::NodeAgent agent;
    detail::SocketLink caller_end;
  };

 public:
  std::unique_ptr<detail::NodeLink> connect(std::uint32_t, detail::NodePeer& peer) override {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::bad_alloc();
    return std::make_unique<Link>(Descriptor(ends[0]), Descriptor(ends[1]), peer);
  }
};

std::vector<detail::NodePlace> places(int count) {
  std::vector<detail::NodePlace> all;
  for (int i = 0; i < count; ++i) {
    detail::NodePlace place;
    place.host = "node" + std::to_string(i + 1);
    place.rank = i + 1;
    place.pid = ::getpid();
    place.connection = std::make_shared<SocketNode>();
    all.push_back(std::move(place));
  }
  return all;
}

class Pool final : public detail::NodePoolMembers<Pool, concurrent::pickle::Pickle> {
 public:
  explicit Pool(int nodes) : NodePoolMembers({}, places(nodes)) {}
  static std::string executor_name() { return "Pool"; }
};

int sleep_a_millisecond(int number) {
  const timespec millisecond{0, 1'000'000};
  ::nanosleep(&millisecond, nullptr);
  return number;
}

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void measure(int nodes, int tasks) {
  Pool pool(nodes);
  pool.warm_up(nodes);
  static_cast<void>(pool.processes());
  std::vector<cf::Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  const double processor = processor_seconds();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(sleep_a_millisecond, i));
  for (int i = 0; i < tasks; ++i) {
    if (futures[static_cast<std::size_t>(i)].result() != i) std::abort();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double least = 1e-3 * static_cast<double>((tasks + nodes - 1) / nodes);
  std::printf("%6d %7d %9.3f %7.2f %12.1f\n", nodes, tasks, seconds, seconds / least,
              (processor_seconds() - processor) * 1e6 / tasks);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  concurrent::multiprocessing::freeze_support(argc, argv);
  const int most = argc > 1 ? std::atoi(argv[1]) : 10'000;
  std::printf("agents   tasks   seconds   least=1  us of caller and agents a task\n");
  for (int nodes = 1; nodes <= 32; nodes *= 2) {
    for (int tasks = 100; tasks <= most; tasks *= 10) measure(nodes, tasks);
  }
  return 0;
}
