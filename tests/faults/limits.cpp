// SPDX-License-Identifier: BSL-1.0
// Rows 31 to 40, 60 and 80: memory, processes, descriptors, calls that the system refuses.
#include "faults/in_child.hpp"
#include "support/forbid_calls.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <fstream>
#include <new>

using namespace faults;

namespace {

/// A control group of its own for this process and what it starts, with so much memory. Empty: not to be had.
std::string join_memory_group(std::uint64_t bytes) {
  const std::string groups = support::read_text("/proc/self/cgroup");
  const auto path_after = [&](const std::string& controller) {
    const std::size_t at = groups.find(controller);
    if (at == std::string::npos) return std::string();
    const std::size_t start = groups.find('/', at);
    return groups.substr(start, groups.find('\n', start) - start);
  };
  const std::string mine = "/faults_" + std::to_string(::getpid());
  const std::pair<std::string, const char*> candidates[] = {
      {"/sys/fs/cgroup/memory" + path_after(":memory:") + mine, "/memory.limit_in_bytes"},
      {"/sys/fs/cgroup" + path_after("0::") + mine, "/memory.max"}};
  for (const auto& [folder, limit] : candidates) {
    if (::mkdir(folder.c_str(), 0755) != 0) continue;
    std::ofstream(folder + limit) << bytes << std::flush;
    std::ofstream(folder + "/cgroup.procs") << ::getpid() << std::flush;
    if (support::read_text("/proc/self/cgroup").find(mine) != std::string::npos &&
        support::read_text(folder + limit).find(std::to_string(bytes)) != std::string::npos)
      return folder;
    ::rmdir(folder.c_str());
  }
  return {};
}

std::size_t touch(std::size_t bytes) {
  std::string text(bytes, 't');
  return text.size();
}
std::size_t allocate_within(std::uint64_t more, std::size_t bytes) {
  set_limit(RLIMIT_AS, address_space_in_use() + more);
  try {
    const std::string text(bytes, 't');
    set_limit(RLIMIT_AS, RLIM_INFINITY);
    return text.size();
  } catch (...) {
    set_limit(RLIMIT_AS, RLIM_INFINITY);
    throw;
  }
}

/// Pickling it needs more memory than there is.
struct NoMemoryToPickle {
  pid_t home = 0;
  template <class Archive>
  void save(Archive& ar) const {
    ar(home);
    if (::getpid() != home) throw std::bad_alloc();
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(home);
  }
};
NoMemoryToPickle return_it(NoMemoryToPickle value) { return value; }

/// Says that it is this long before it writes a byte of it.
struct Announced {
  std::uint64_t bytes = 0;
  bool where_made = false;  // as an argument; else as a result
};
Announced return_announced(std::uint64_t bytes) { return {bytes, false}; }
std::uint64_t size_of(Announced value) { return value.bytes; }

/// Unpickling it in the caller takes more memory than there is.
struct NoMemoryToUnpickle {
  pid_t home = 0;
  template <class Archive>
  void save(Archive& ar) const {
    ar(home);
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(home);
    if (::getpid() == home) throw std::bad_alloc();
  }
};
NoMemoryToUnpickle return_it_too(NoMemoryToUnpickle value) { return value; }

constexpr uid_t nobody = 65534;

void works(const Policy& policy) {
  Trial trial(policy);
  trial.bystanders(5);
  CHECK(trial.submit(letters_of_size, std::size_t{400'000}).result(20s) == letters_of_size(400'000));
  trial.finish();
}

}  // namespace

namespace concurrent::pickle {
template <>
struct Pickler<Announced> {
  static void dump(Writer& writer, const Announced& value) {
    Pickler<std::uint64_t>::dump(writer, value.bytes);
    Pickler<bool>::dump(writer, value.where_made);
    if (value.bytes != 0) writer.claim(value.bytes);
  }
  static Announced load(Reader& reader) {
    const auto bytes = Pickler<std::uint64_t>::load(reader);
    return {bytes, Pickler<bool>::load(reader)};
  }
};
}  // namespace concurrent::pickle

EACH_POLICY("fault 31: a worker that the kernel kills for want of memory: its future says out of memory") {
  in_child([&] {
    const std::string group = join_memory_group(300U << 20);
    if (group.empty()) return skip("no control group for memory that this test may limit");
    Trial trial(policy);
    trial.bystanders();
    auto victim = trial.submit(touch, std::size_t{2} << 30);
    trial.one(victim, "was killed by SIGKILL, out of memory, while it ran", SIGKILL);
    trial.finish();
    {
      // A SIGKILL that had another reason is not said to be one.
      Trial other(policy);
      other.one(other.submit([] { return ::raise(SIGKILL); }), "was killed by SIGKILL while it ran", SIGKILL);
      other.finish();
    }
  });
  for (const char* folder : {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"}) {
    const std::string find =
        "find " + std::string(folder) + " -maxdepth 4 -type d -name 'faults_*' -exec rmdir {} + 2>/dev/null";
    if (std::system(find.c_str()) != 0) continue;
  }
}

EACH_POLICY("fault 32: bad_alloc in a task or in pickling its result: that is what the future has, the worker lives") {
  Trial trial(policy, policy.options(1));
  const pid_t worker = trial.submit(own_pid).result(20s);
  if (slowness == 1) {
    CHECK_THROWS_AS(trial.submit(allocate_within, std::uint64_t{64} << 20, std::size_t{1} << 30).result(20s),
                    std::bad_alloc);
  }
  CHECK_THROWS_AS(trial.submit(return_it, NoMemoryToPickle{::getpid()}).result(20s), std::bad_alloc);
  CHECK(trial.submit(own_pid).result(20s) == worker);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 34: no process can be forked for the first worker: the error names the call and the limit") {
  {
    const At fault("zygote.fork", Do::error, every, EAGAIN);
    Trial trial(policy);
    auto future = trial.submit(keyed, std::uint64_t{1});
    const std::string text = message_of<cf::BrokenProcessPool>([&] { future.result(20s); });
    CHECK(contains(text, "a worker process could not be started: Resource temporarily unavailable"));
    CHECK(contains(text, "ulimit -u"));
    trial.expect_broken("could not be started");
    trial.finish();
  }
  {  // Not the first: it goes on with those it has, and tries again later.
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto first = trial.submit(hold, started, gate, 1);
    started.wait_until(1);
    const At fault("zygote.fork", Do::error, 1, EAGAIN);
    auto second = trial.submit(hold, started, gate, 2);
    REQUIRE(fault.sprung());
    started.wait_until(2);  // the second start has succeeded
    CHECK(trial.pool().statistics().workers_started == 2);
    gate.open();
    trial.value(first, 1);
    trial.value(second, 2);
    trial.finish();
    CHECK(trial.lost() == 0);
  }
  in_child([&] {  // the limit itself
    if (::setgroups(0, nullptr) != 0 || ::setresuid(nobody, nobody, nobody) != 0)
      return skip("the user cannot be changed");
    set_limit(RLIMIT_NPROC, 1);
    const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
    CHECK(contains(text, "fork of the helper process failed"));
    CHECK(contains(text, "ulimit -u"));
  });
  {
    const At fault("caller.fork", Do::error, 1, EAGAIN);
    const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
    CHECK(contains(text, "fork of the helper process failed"));
  }
  works(policy);
}

EACH_POLICY("fault 34: once a worker has started, the next refusal is waited out for as short a time as the first") {
  Trial trial(policy, policy.options(2));
  const auto started = Counter::make();
  const auto gate = Gate::make();
  auto first = trial.submit(hold, started, gate, 1);
  started.wait_until(1);
  auto shortest = std::chrono::steady_clock::duration::max();
  for (int round = 0; round < 10; ++round) {
    trial.pool().set_max_workers(1);  // the second one leaves
    trial.pool().set_max_workers(2);
    const At fault("zygote.fork", Do::error, 1, EAGAIN);
    auto second = trial.submit(add_one, 1);
    REQUIRE(fault.sprung());
    const auto refused = std::chrono::steady_clock::now();
    trial.value(second, 2);
    if (round >= 7) shortest = std::min(shortest, std::chrono::steady_clock::now() - refused);
  }
  CHECK(shortest < 500ms);  // after seven refusals in a row it is a second
  gate.open();
  trial.value(first, 1);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 34: calls that come while a refusal is waited out ask for no worker") {
  Trial trial(policy, policy.options(2));
  const auto started = Counter::make();
  const auto gate = Gate::make();
  auto first = trial.submit(hold, started, gate, 1);
  started.wait_until(1);
  std::vector<cf::Future<int>> calls;
  {
    const At fault("zygote.fork", Do::error, every, EAGAIN);
    for (int i = 0; i < 300; ++i) {
      calls.push_back(trial.submit(add_one, i));
      CHECK(trial.pool().processes().size() == 1);  // one that was asked for has been refused by now
    }
    CHECK(fault.hits() >= 1);
    CHECK(fault.hits() <= 20);  // after 10 ms, 20 ms, 40 ms …, whatever comes meanwhile
  }
  for (int i = 0; i < 300; ++i) trial.value(calls[static_cast<std::size_t>(i)], i + 1);
  gate.open();
  trial.value(first, 1);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 35: no process can be forked for a replacement: the rest go on, without any the pool is broken") {
  if (!policy.breaks()) {
    for (const int error : {EAGAIN, ENOMEM}) {
      CAPTURE(error);
      Trial trial(policy);
      const auto started = Counter::make();
      const auto gate = Gate::make();
      auto first = trial.submit(hold, started, gate, 1);
      auto second = trial.submit(hold, started, gate, 2);
      started.wait_until(2);
      const At fault("zygote.fork", Do::error, every, static_cast<std::uint32_t>(error));
      ::kill(trial.pool().processes().front(), SIGKILL);
      REQUIRE(eventually([&] { return trial.lost() == 1; }));
      gate.open();
      trial.bystanders(10);
      CHECK(trial.submit(add_one, 1).result(20s) == 2);
      trial.expect_death("SIGKILL");
      const auto survives = [&](const cf::Future<int>& future) {
        try {
          return future.result(20s) != 0;
        } catch (const cf::WorkerDied&) {
          return false;
        }
      };
      CHECK(survives(first) != survives(second));
      trial.finish();
    }
  }
  Trial trial(policy, policy.options(1));
  const auto started = Counter::make();
  const auto gate = Gate::make();
  auto victim = trial.submit(hold, started, gate, 1);
  auto waiting = trial.submit(keyed, std::uint64_t{9});
  started.wait_until(1);
  const At fault("zygote.fork", Do::error, every, ENOMEM);
  ::kill(trial.pool().processes().front(), SIGKILL);
  trial.one(victim, "SIGKILL", SIGKILL);
  const std::string text = message_of<cf::BrokenProcessPool>([&] { waiting.result(20s); });
  if (!policy.breaks()) CHECK(contains(text, "could not be started: Cannot allocate memory"));
  trial.expect_broken(policy.breaks() ? "SIGKILL" : "could not be started");
  trial.finish();
}

EACH_POLICY(
    "fault 36: no descriptors: the constructor names the call and the limit, leaks nothing, and works again later") {
  if (support::sanitizer_needs_descriptors) return skip("the sanitizer needs a descriptor itself");
  in_child([&] {
    std::size_t threw = 0;
    for (rlim_t more = 0; more < 16; ++more) {
      const auto before = support::names_in("/proc/self/fd").size();
      // Descriptors are given lowest first, so the limit is on the first free ones.
      int first_free = ::dup(0);
      ::close(first_free);
      set_limit(RLIMIT_NOFILE, static_cast<rlim_t>(first_free) + more);
      try {
        cf::ProcessPoolExecutor pool(policy.options(1));
        CHECK(pool.submit(keyed, std::uint64_t{1}).result(20s) == key_of(1));
      } catch (const std::system_error& error) {
        ++threw;
        CHECK(error.code().value() == EMFILE);
        CHECK(contains(error.what(), "concurrent::multiprocessing: "));
        CHECK(contains(error.what(), "ulimit -n"));
      }
      set_limit(RLIMIT_NOFILE, 1024);
      CHECK(support::names_in("/proc/self/fd").size() == before);
    }
    CHECK(threw >= 2);
    CHECK(threw < 12);
    works(policy);
  });
  for (const auto& [point, call] :
       {std::pair{"caller.memfd", "memfd_create failed"}, {"caller.socketpair", "socketpair failed"}}) {
    const At fault(point, Do::error, 1, ENFILE);
    const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
    CHECK(contains(text, call));
    CHECK(contains(text, "ulimit -n"));
  }
  works(policy);
}

EACH_POLICY("fault 37: no memory for the queue: the constructor says so, never SIGBUS or SIGXFSZ later") {
  for (const auto& [point, call, error] : {std::tuple{"caller.memfd", "memfd_create failed", ENOMEM},
                                           {"caller.fallocate", "fallocate of the shared segment failed", ENOSPC},
                                           {"caller.fallocate", "fallocate of the shared segment failed", ENOMEM},
                                           {"caller.mmap", "mmap of the shared segment failed", ENOMEM}}) {
    CAPTURE(point);
    const At fault(point, Do::error, every, static_cast<std::uint32_t>(error));
    const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
    CHECK(contains(text, call));
  }
  works(policy);
  in_child([&] {
    set_limit(RLIMIT_FSIZE, 64 * 1024);
    const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
    CHECK(contains(text, "ulimit -f"));
    set_limit(RLIMIT_FSIZE, std::uint64_t{1} << 30);  // smaller regions, then
    works(policy);
  });
  if (slowness != 1) return;
  in_child([&] {
    set_limit(RLIMIT_AS, address_space_in_use() + (std::uint64_t{256} << 20));
    works(policy);
    {
      cf::ProcessPoolExecutor pool(policy.options());
      pool.set_max_workers(1);
      pool.set_max_workers(2);
      const std::string refused = message_of<std::invalid_argument>([&] { pool.set_max_workers(3); });
      CHECK(contains(refused, "from 1 to 2: there was no address space for more"));
    }
    set_limit(RLIMIT_AS, address_space_in_use() + (1U << 20));
    const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
    CHECK(contains(text, "ulimit -v"));
    set_limit(RLIMIT_AS, RLIM_INFINITY);
    works(policy);
  });
}

EACH_POLICY("fault 37: no memory for more workers: set_max_workers says so, and the pool is as it was") {
  cf::ProcessPoolExecutor pool(policy.options());
  CHECK(pool.submit(letters_of_size, std::size_t{5}).result(20s) == letters_of_size(5));
  {
    const At fault("caller.grow", Do::error, every, ENOMEM);
    const std::string text = system_error_of([&] { pool.set_max_workers(16); });
    CHECK(contains(text, "allocation of shared memory for more workers failed"));
    CHECK(pool.max_workers() == 2);
    pool.set_max_workers(1);  // needs none
    pool.set_max_workers(2);
    CHECK(pool.submit(letters_of_size, std::size_t{6}).result(20s) == letters_of_size(6));
  }
  pool.set_max_workers(16);
  const auto running = Counter::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 16; ++i) {
    futures.push_back(pool.submit(
        [](Counter counter, int n) {
          counter.add();
          counter.wait_until(16);
          return n;
        },
        running, i));
  }
  for (int i = 0; i < 16; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(20s) == i);
}

EACH_POLICY("fault 38: /dev/shm of 1 MB, of 64 MB, absent, read-only, and no /proc: the pool works") {
  for (const char* options : {"size=1m", "size=64m", "", "ro", "no /proc"}) {
    in_child([&] {
      INFO(options);
      if (!own_mounts()) return skip("no mounts of its own");
      const std::string text = options;
      if (text == "no /proc") {
        REQUIRE(::mount("none", "/proc", "tmpfs", 0, nullptr) == 0);
      } else if (text.empty()) {
        // Absent: an empty folder in place of /dev.
        REQUIRE(::mount("none", "/dev", "tmpfs", 0, nullptr) == 0);
      } else {
        REQUIRE(::mount("none", "/dev/shm", "tmpfs", text == "ro" ? MS_RDONLY : 0, text == "ro" ? nullptr : options) ==
                0);
      }
      Trial trial(policy);
      trial.bystanders(5);
      CHECK(trial.submit(letters_of_size, std::size_t{5'000'000}).result(20s) == letters_of_size(5'000'000));
      trial.one(trial.submit([] { return ::raise(SIGKILL); }), "SIGKILL while it ran", SIGKILL);
      trial.finish();
    });
  }
}

EACH_POLICY("fault 39: a result for which there is no room: the future says how large it was, the worker lives") {
  Trial trial(policy, policy.options(1));
  const pid_t worker = trial.submit(own_pid).result(20s);
  for (const std::uint64_t bytes : {std::uint64_t{1} << 42, std::uint64_t{1} << 62}) {
    auto future = trial.submit(return_announced, bytes);
    const std::string text = message_of<pickle::PicklingError>([&] { future.result(20s); });
    CHECK(contains(text, "result too large: " + std::to_string(bytes).substr(0, 6)));
  }
  // The caller has no memory for what it is to become.
  CHECK_THROWS_AS(trial.submit(return_it_too, NoMemoryToUnpickle{::getpid()}).result(20s), std::bad_alloc);
  CHECK(trial.submit(own_pid).result(20s) == worker);
  trial.finish();
}

EACH_POLICY("fault 39: results of more than 2 and more than 4 GiB arrive", "[long]") {
  Trial trial(policy, policy.options(1));
  for (const std::uint64_t size : {(std::uint64_t{2} << 30) + 5, (std::uint64_t{4} << 30) + 5}) {
    const std::string text = trial.submit(letters_of_size, std::size_t{size}).result(120s);
    REQUIRE(text.size() == size);
    CHECK(text[size - 1] == static_cast<char>('a' + (size - 1) % 26));
  }
  trial.finish();
}

EACH_POLICY("fault 40: arguments larger than a slot arrive, those for which there is no room fail their future alone") {
  Trial trial(policy);
  for (const std::size_t size : {std::size_t{500}, std::size_t{100'000}, std::size_t{30'000'000}}) {
    CHECK(trial.submit([](std::string text) { return text.size(); }, std::string(size, 'a')).result(20s) == size);
  }
  auto future = trial.submit(size_of, Announced{std::uint64_t{1} << 62, true});
  const std::string text = message_of<pickle::PicklingError>([&] { future.result(20s); });
  CHECK(contains(text, "arguments too large: "));
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 60: a kernel without pidfd works, without memfd the constructor names the call") {
  for (const int error : {ENOSYS, EPERM}) {
    in_child([&] {
      if (!support::forbid_calls({SYS_pidfd_open}, error)) return skip("no seccomp");
      Trial trial(policy);
      trial.bystanders();
      trial.one(trial.submit([] { return ::raise(SIGKILL); }), "SIGKILL while it ran", SIGKILL);
      trial.finish();
    });
    in_child([&] {
      if (!support::forbid_calls({SYS_memfd_create}, error)) return skip("no seccomp");
      const std::string text = system_error_of([&] { cf::ProcessPoolExecutor pool(policy.options()); });
      CHECK(contains(text, "memfd_create failed"));
    });
    in_child([&] {  // what is only there to make things better
      std::vector<support::ForbiddenCall> calls{
          {SYS_signalfd4}, {SYS_process_vm_readv}, {SYS_getrandom}, {SYS_fallocate}};
      if (!support::sanitizer_needs_descriptors) calls.push_back({SYS_pipe2});
      if (!support::forbid_calls(calls, ENOSYS)) return skip("no seccomp");
      Trial trial(policy);
      trial.bystanders();
      trial.one(trial.submit([] { return ::raise(SIGKILL); }), "SIGKILL while it ran", SIGKILL);
      trial.finish();
    });
  }
}

EACH_POLICY(
    "fault 80: the caller may not fork any more: workers are still replaced, as another user it may not submit") {
  for (const bool change_user : {false, true}) {
    in_child([&] {
      auto options = policy.options();
      options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
      const Policy replaces{cf::WorkerDeathPolicy::fail_task, "fail_task"};
      Trial trial(replaces, options);
      CHECK(trial.submit(add_one, 1).result(20s) == 2);
      if (change_user) {
        if (::setresuid(nobody, nobody, nobody) != 0) return skip("the user cannot be changed");
        CHECK(contains(message_of<cf::RuntimeError>([&] { trial.submit(add_one, 1); }), "with the rights of then"));
        return;
      }
#ifdef SYS_fork
      const std::vector<support::ForbiddenCall> ways{SYS_fork, SYS_vfork, SYS_clone3};
#else  // newer architectures have no others
      const std::vector<support::ForbiddenCall> ways{SYS_clone3};
#endif
      if (!support::forbid_calls(ways, EPERM)) return skip("no seccomp");
      for (int i = 0; i < 3; ++i)
        trial.one(trial.submit([] { return ::raise(SIGKILL); }), "SIGKILL while it ran", SIGKILL);
      trial.finish();
    });
  }
  // The zygote may not: as row 35.
  Trial trial(policy, policy.options(1));
  const At fault("zygote.fork", Do::error, every, EPERM);
  auto future = trial.submit(keyed, std::uint64_t{1});
  CHECK(contains(message_of<cf::BrokenProcessPool>([&] { future.result(20s); }), "Operation not permitted"));
  trial.expect_broken("could not be started");
  trial.finish();
}
