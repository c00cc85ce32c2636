// SPDX-License-Identifier: BSL-1.0
// The zygote by itself, told by hand what a pool tells it: start, signal, reap, standbys, and who dies with whom.
#include <concurrent/multiprocessing/detail/zygote.hpp>

#include <concurrent/multiprocessing/detail/zygote_process.impl.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>

#include <signal.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace mp = concurrent::multiprocessing;
namespace ipc = concurrent::multiprocessing::detail;
using Kind = ipc::ZygoteReport::Kind;
using Request = ipc::ZygoteRequest;

namespace {

std::string title_of(pid_t process) {
  std::string title = support::read_text("/proc/" + std::to_string(process) + "/comm");
  if (!title.empty()) title.pop_back();
  return title;
}

std::ptrdiff_t open_descriptors(pid_t process) {
  const std::filesystem::directory_iterator folder("/proc/" + std::to_string(process) + "/fd");
  return std::distance(begin(folder), end(folder));
}
/// A field of the process's status: the signals, but for those that the C library keeps to itself.
std::uint64_t signals(pid_t process, const char* field) {
  return std::strtoull(support::status_field(std::to_string(process), field).c_str(), nullptr, 16) & 0x7FFFFFFF;
}

/// A segment for two workers, and the zygote beside it.
class Nursery {
 public:
  explicit Nursery(ipc::StartMethod method, bool replaces = false) {
    ipc::SegmentGeometry geometry;
    geometry.workers = 4;
    geometry.queue_capacity = 3;
    geometry.records = 40;
    geometry.ring_capacity = 8;
    geometry.tasks_per_worker = replaces ? 1 : 0;
    segment = ipc::Segment::create(geometry);
    zygote.start(segment, method, {}, 1);
    REQUIRE(report(Kind::ready).pid == zygote.pid());
  }
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;
  ~Nursery() {
    zygote.send({Request::Kind::quit, 0, 0, 0, 0});
    zygote.reap();
  }

  ipc::ZygoteReport report(Kind kind) {
    const support::DeadlineGuard deadline("a report of the zygote's", support::patience);
    ipc::ZygoteReport report;
    REQUIRE(zygote.receive(report));
    REQUIRE(report.kind == kind);
    return report;
  }

  pid_t start(std::uint32_t place) {
    segment.worker(place).status = static_cast<std::uint32_t>(ipc::WorkerStatus::starting);
    segment.worker(place).leave = 0;
    REQUIRE(zygote.send({Request::Kind::start, place, ++serial, 0, static_cast<std::uint32_t>(serial)}));
    const ipc::ZygoteReport started = report(Kind::started);
    CHECK(started.worker == place);
    CHECK(started.serial == serial);
    return started.pid;
  }
  /// The zygote finds all these requests at once.
  void start_at_once(std::uint32_t count) {
    REQUIRE(::kill(zygote.pid(), SIGSTOP) == 0);
    REQUIRE(support::eventually(
        [&] { return support::status_field(std::to_string(zygote.pid()), "State").find('T') != std::string::npos; }));
    for (std::uint32_t place = 0; place < count; ++place) {
      segment.worker(place).leave = 0;
      REQUIRE(zygote.send({Request::Kind::start, place, ++serial, 0, static_cast<std::uint32_t>(serial)}));
    }
    REQUIRE(::kill(zygote.pid(), SIGCONT) == 0);
    for (std::uint32_t i = 0; i < count; ++i) report(Kind::started);
  }
  bool works(std::uint32_t place) const {
    return support::eventually([&] {
      const auto status = static_cast<ipc::WorkerStatus>(segment.worker(place).status.load());
      return status == ipc::WorkerStatus::polling || status == ipc::WorkerStatus::asleep;
    });
  }

  std::vector<pid_t> standbys() const {
    std::vector<pid_t> found;
    for (const pid_t process : support::descendants(zygote.pid())) {
      if (title_of(process) == "standby") found.push_back(process);
    }
    return found;
  }
  pid_t wait_for_standby() const {
    std::vector<pid_t> found;
    REQUIRE(support::eventually([&] { return !(found = standbys()).empty(); }));
    return found.front();
  }

  ipc::Segment segment;
  ipc::ZygoteProcess zygote;
  std::uint64_t serial = 0;
};

void forget(std::vector<pid_t> processes) {
  CHECK(support::eventually([&] { return support::count_alive(processes) == 0; }, std::chrono::seconds(2)));
}

#define EACH_METHOD GENERATE(ipc::StartMethod::fork, ipc::StartMethod::forkserver, ipc::StartMethod::spawn)

}  // namespace

TEST_CASE("Zygote: it starts a worker, names it, passes a signal on, and tells how it ended") {
  const support::LeakCheck leaks;
  const ipc::StartMethod method = EACH_METHOD;
  Nursery nursery(method);
  CHECK(title_of(nursery.zygote.pid()) == "zygote");
  const pid_t worker = nursery.start(0);
  CHECK(nursery.works(0));
  CHECK(nursery.segment.worker(0).pid.load() == worker);
  CHECK(title_of(worker) == ipc::worker_name(method, 1).substr(0, 15));
  CHECK(support::status_field(std::to_string(worker), "PPid") == std::to_string(nursery.zygote.pid()));
  nursery.zygote.send({Request::Kind::signal, 0, 999, SIGKILL, 0});  // somebody who was in this place before
  nursery.zygote.send({Request::Kind::signal, 0, 1, SIGTERM, 0});
  const ipc::ZygoteReport ended = nursery.report(Kind::ended);
  CHECK(ended.pid == worker);
  CHECK(WIFSIGNALED(ended.status));
  CHECK(WTERMSIG(ended.status) == SIGTERM);
}

TEST_CASE("Zygote: a worker that is told to leave exits with status 0") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD);
  nursery.start(1);
  REQUIRE(nursery.works(1));
  nursery.segment.worker(1).leave = 1;
  nursery.segment.worker(1).wake = 0;
  ipc::futex_wake(nursery.segment.worker(1).wake, 1, true);
  CHECK(nursery.report(Kind::ended).status == 0);
}

TEST_CASE("Zygote: it ends with its workers when it is told to, and when the channel closes") {
  const support::LeakCheck leaks;
  const bool told = GENERATE(true, false);
  const ipc::StartMethod method = EACH_METHOD;
  std::vector<pid_t> processes;
  {
    Nursery nursery(method, true);
    nursery.start(0);
    nursery.wait_for_standby();
    nursery.start(1);
    REQUIRE(nursery.works(1));
    nursery.wait_for_standby();
    processes = support::descendants(::getpid());
    CHECK(processes.size() >= 4);
    if (!told) nursery.zygote.close();
  }
  CHECK(support::count_alive(processes) == 0);
}

TEST_CASE("Zygote: its death is the death of its workers and standbys") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD, true);
  nursery.start(0);
  nursery.wait_for_standby();
  const std::vector<pid_t> processes = support::descendants(::getpid());
  ::kill(nursery.zygote.pid(), SIGKILL);
  forget(processes);
}

TEST_CASE("fault 52: the caller's death is the death of its zygote, workers and standbys") {
  const support::LeakCheck leaks;
  const ipc::StartMethod method = EACH_METHOD;
  const auto count = support::Counter::make();
  const auto pids = support::Word::make_array(8);
  const pid_t caller = support::fork_child([&] {
    Nursery nursery(method, true);
    nursery.start(0);
    nursery.wait_for_standby();
    std::uint32_t at = 0;
    for (const pid_t process : support::descendants(::getpid())) pids.at(at++).set(static_cast<std::uint32_t>(process));
    count.add(at);
    for (;;) ::pause();
    return 0;
  });
  REQUIRE(count.reaches(3));
  std::vector<pid_t> processes;
  for (std::uint32_t i = 0; i < count.value(); ++i) processes.push_back(static_cast<pid_t>(pids.at(i).get().load()));
  ::kill(caller, SIGKILL);
  ::waitpid(caller, nullptr, 0);
  forget(processes);
}

TEST_CASE("Zygote: without replacements it keeps no standby, the first worker that dies changes that") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD);
  const pid_t worker = nursery.start(0);
  REQUIRE(nursery.works(0));
  CHECK(support::descendants(nursery.zygote.pid()).size() == 1);
  ::kill(worker, SIGKILL);
  nursery.report(Kind::ended);
  nursery.start(0);
  const pid_t standby = nursery.wait_for_standby();
  CHECK(nursery.start(1) == standby);
  CHECK(nursery.works(1));
}

TEST_CASE("Zygote: a standby becomes the next worker, in its place and under its name, and another one stands by") {
  const support::LeakCheck leaks;
  const ipc::StartMethod method = EACH_METHOD;
  Nursery nursery(method, true);
  const pid_t first = nursery.start(0);
  REQUIRE(nursery.works(0));
  for (std::uint32_t place = 1; place < 4; ++place) {
    const pid_t standby = nursery.wait_for_standby();
    CHECK(nursery.start(place) == standby);
    CHECK(nursery.works(place));
    CHECK(open_descriptors(standby) == open_descriptors(first));  // none is left of what it was told its place by
    CHECK(title_of(standby) == ipc::worker_name(method, place + 1).substr(0, 15));
    CHECK(signals(standby, "SigBlk") == 0);
    CHECK(signals(standby, "SigIgn") == (signals(::getpid(), "SigIgn") | 2));  // SIGINT, and what nohup ignores
  }
}

TEST_CASE("Zygote: a standby that dies before it has a place is not missed") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD, true);
  nursery.start(0);
  const pid_t standby = nursery.wait_for_standby();
  ::kill(standby, SIGKILL);
  // Reaped, and forgotten with it: nobody sends a signal to its pid, which may be a stranger's now.
  CHECK(support::eventually([&] { return ::kill(standby, 0) != 0; }));
  const pid_t worker = nursery.start(1);
  CHECK(worker != standby);
  CHECK(nursery.works(1));
  CHECK(nursery.wait_for_standby() != standby);
}

TEST_CASE("Zygote: a standby that was stopped when it got its place is a worker that can be killed") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD, true);
  nursery.start(0);
  const pid_t standby = nursery.wait_for_standby();
  ::kill(standby, SIGSTOP);
  REQUIRE(support::eventually([&] { return support::status_field(std::to_string(standby), "State")[0] == 'T'; }));
  CHECK(nursery.start(1) == standby);
  nursery.zygote.send({Request::Kind::signal, 1, nursery.serial, SIGKILL, 0});
  const ipc::ZygoteReport ended = nursery.report(Kind::ended);
  CHECK(ended.worker == 1);
  CHECK(WTERMSIG(ended.status) == SIGKILL);
}

TEST_CASE("fault 61, fault 62: a signal for everybody does not hit the worker that a standby becomes later") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD, true);
  nursery.start(0);
  const pid_t standby = nursery.wait_for_standby();
  REQUIRE(
      support::eventually([&] { return signals(standby, "SigIgn") == 0x7FFBFEFF && signals(standby, "SigBlk") == 0; }));
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::kill(standby, number);
  CHECK(nursery.start(1) == standby);
  CHECK(nursery.works(1));
}

TEST_CASE("Zygote: more standbys stand by after one was missed, but only a few") {
  const support::LeakCheck leaks;
  Nursery nursery(EACH_METHOD, true);
  nursery.start(0);
  nursery.wait_for_standby();
  nursery.zygote.send({Request::Kind::signal, 0, nursery.serial, SIGKILL, 0});
  nursery.report(Kind::ended);
  for (int round = 0; round < 8; ++round) {
    nursery.start_at_once(4);  // more than stand by, at first
    for (std::uint32_t place = 0; place < 4; ++place) {
      nursery.zygote.send({Request::Kind::signal, place, nursery.serial - 3 + place, SIGKILL, 0});
    }
    for (int i = 0; i < 4; ++i) nursery.report(Kind::ended);
    CHECK(support::eventually([&] { return nursery.standbys().size() >= 2; }));
    CHECK(nursery.standbys().size() <= 4);
  }
}
