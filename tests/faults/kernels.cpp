// SPDX-License-Identifier: BSL-1.0
// Row 60, call by call: kernels that do not have a call yet (ENOSYS, or EINVAL for a new use of an old one), and
// sandboxes that refuse it (EPERM). All that a pool promises holds without it, or an error names what is missing; and
// nothing hangs.
#include "faults/in_child.hpp"
#include "support/forbid_calls.hpp"
#include "support/sanitizers.hpp"

#include <concurrent/multiprocessing.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <new>
#include <string>
#include <vector>

using namespace faults;

namespace {

/// What a kernel or a sandbox does not have, and what cannot be had without it: nothing if that is empty.
struct Lack {
  std::string name;
  std::vector<support::ForbiddenCall> calls;
  int absent = ENOSYS;          // what a kernel without it answers
  std::string pool_needs = {};  // the text of the error with which a pool is refused
  std::string shared_state_needs = {};
};

// The same on every architecture.
constexpr int call_pidfd_open = 434;
constexpr int call_pidfd_getfd = 438;
constexpr int call_close_range = 436;
constexpr int call_futex_waitv = 449;

/// A call that nothing makes: in the place of one that a sanitizer needs.
constexpr int call_none = 1'000'000;
constexpr int call_pipe2 = support::sanitizer_needs_descriptors ? call_none : SYS_pipe2;

std::vector<Lack> lacks() {
  return {
      {"pidfd_open", {call_pidfd_open}},
      {"pidfd_getfd", {call_pidfd_getfd}},
      {"futex_waitv", {call_futex_waitv}},
      {"close_range", {call_close_range}},
      {"memfd_create", {SYS_memfd_create}, ENOSYS, "memfd_create failed", "memfd_create failed"},
      {"memfd seals", {{SYS_fcntl, 1, F_ADD_SEALS}}, EINVAL, "", "sealing of shared memory failed"},
      {"PR_SET_PDEATHSIG", {{SYS_prctl, 0, PR_SET_PDEATHSIG}}, EINVAL},
      {"MADV_POPULATE_WRITE", {{SYS_madvise, 2, 23}}, EINVAL},
      {"MADV_REMOVE", {{SYS_madvise, 2, MADV_REMOVE}}, EINVAL},
      {"MADV_WIPEONFORK", {{SYS_madvise, 2, MADV_WIPEONFORK}}, EINVAL},
      {"MADV_DONTFORK", {{SYS_madvise, 2, MADV_DONTFORK}}, EINVAL},
      {"MADV_DONTDUMP and MADV_HUGEPAGE", {{SYS_madvise, 2, MADV_DONTDUMP}, {SYS_madvise, 2, MADV_HUGEPAGE}}, EINVAL},
      {"PROCMAP_QUERY", {{SYS_ioctl, 1, 0xc0686611}}, ENOTTY},
      {"SO_COOKIE", {{SYS_getsockopt, 2, SO_COOKIE}}, ENOPROTOOPT},
      {"fallocate", {SYS_fallocate}, EOPNOTSUPP},
      {"process_vm_readv", {SYS_process_vm_readv}},
      {"signalfd", {SYS_signalfd4}},
      {"pipe2", {call_pipe2}},
      {"mincore", {SYS_mincore}},
      {"get_robust_list", {SYS_get_robust_list}, ENOSYS, "", "get_robust_list"},
      {"getrandom", {SYS_getrandom}, ENOSYS, "", "getrandom failed"},
      {"all that pools do without",
       {call_pidfd_open,
        call_pidfd_getfd,
        call_futex_waitv,
        call_close_range,
        SYS_fallocate,
        SYS_process_vm_readv,
        SYS_signalfd4,
        call_pipe2,
        SYS_mincore,
        SYS_getrandom,
        SYS_get_robust_list,
        {SYS_fcntl, 1, F_ADD_SEALS},
        {SYS_madvise, 2, 23},
        {SYS_madvise, 2, MADV_REMOVE},
        {SYS_madvise, 2, MADV_WIPEONFORK},
        {SYS_madvise, 2, MADV_DONTFORK},
        {SYS_ioctl, 1, 0xc0686611},
        {SYS_getsockopt, 2, SO_COOKIE}},
       ENOSYS,
       "",
       " "},
  };
}

std::size_t size_of_text(const std::string& text) { return text.size(); }
/// Until it is killed; at the latest after a while, so that a failed test leaves nothing behind.
int go_on() {
  const auto end = support::Clock::now() + 60s;
  while (support::Clock::now() < end) ::usleep(1000);
  return 0;
}

/// Results, large ones and small, in both directions; a death; and the end of the helper, which no task outlives.
void use_pool(const Policy& policy) {
  Trial trial(policy);
  trial.bystanders();
  const auto limit = 20s * busy();
  CHECK(trial.submit(letters_of_size, std::size_t{3'000'000}).result(limit) == letters_of_size(3'000'000));
  CHECK(trial.submit(size_of_text, std::string(3'000'000, 'a')).result(limit) == 3'000'000);
  const char* const constant = "constant";
  CHECK(trial.submit([constant] { return std::string(constant); }).result(limit) == "constant");
  trial.one(trial.submit([] { return ::raise(SIGKILL); }), "SIGKILL while it ran", SIGKILL);
  trial.finish();
}
void lose_helper(const Policy& policy) {
  cf::ProcessPoolExecutor pool(policy.options(1));
  const Family found = pool.submit(family).result(20s * busy());
  auto endless = pool.submit(go_on);
  CHECK(eventually([&] { return endless.running(); }));
  ::kill(found.zygote, SIGKILL);
  CHECK(contains(message_of<cf::BrokenProcessPool>([&] { endless.result(20s * busy()); }), "helper process"));
  CHECK(eventually([&] { return !support::alive(found.worker); }, 20s * busy()));
  CHECK(pool.shutdown_for(20s * busy()));
}
/// The caller is killed: no worker is left.
void lose_caller(const Policy& policy) {
  void* const memory = ::mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto* const worker = ::new (memory) std::atomic<pid_t>(0);
  const pid_t caller = support::fork_child([&] {
    cf::ProcessPoolExecutor pool(policy.options(1));
    worker->store(pool.submit(own_pid).result(20s * busy()));
    auto endless = pool.submit(go_on);
    endless.result(60s * busy());
    return 0;
  });
  const bool begun = eventually([&] { return worker->load() != 0; }, 20s * busy());
  CHECK(begun);
  ::kill(caller, SIGKILL);
  support::wait_status(caller);
  if (begun) CHECK(eventually([&] { return !support::alive(worker->load()); }, 20s * busy()));
  ::munmap(memory, sizeof(pid_t));
}
int add_to(mp::Value<int> value, mp::Lock lock, mp::Queue<int> queue) {
  const std::lock_guard guard(lock);
  value.fetch_add(1);
  queue.put(value.load());
  return value.load();
}
void use_shared_state(const Policy& policy) {
  mp::Value<int> value(1);
  mp::Lock lock;
  mp::Queue<int> queue;
  cf::ProcessPoolExecutor pool(policy.options(1));
  const int answer = pool.submit(add_to, value, lock, queue).result(20s * busy());  // outside of CHECK: it may throw
  CHECK(answer == 2);
  CHECK(queue.get() == 2);
}

/// Does not hang, and either works or says what it needs.
template <class Use>
void works_or_says(const std::string& needs, Use use) {
  std::string refused;
  try {
    use();
  } catch (const std::exception& error) {
    refused = error.what();
  }
  CAPTURE(refused);
  CHECK(needs.empty() == refused.empty());
  if (!needs.empty()) CHECK(contains(refused, needs));
}

void check_lack(const Lack& lack, int error, const Policy& policy) {
  const auto without = [&](const std::string& needs, auto use) {
    in_child([&] {
      if (!support::forbid_calls(lack.calls, error)) return skip("no seccomp");
      works_or_says(needs, [&] { use(policy); });
    });
  };
  CAPTURE(lack.name, error);
  without(lack.pool_needs, &use_pool);
  without(lack.shared_state_needs, &use_shared_state);
  if (!lack.pool_needs.empty()) return;
  without("", &lose_helper);
  without("", &lose_caller);
}

struct RegisterLacks {
  RegisterLacks() {
    for (const Lack& lack : lacks()) {
      for (const int error : {lack.absent, EPERM}) {
        const auto body = [lack, error](const Policy& policy) { check_lack(lack, error, policy); };
        const std::string name = "kernel without " + lack.name + (error == EPERM ? ", refused" : ", an older kernel");
        for (const char* const method : {"fork", "forkserver"}) {
          Policy policy{cf::WorkerDeathPolicy::fail_task, method, method};
          support::register_test<Policy>(body, policy, __FILE__, __LINE__, name, "");
        }
      }
    }
  }
};
const RegisterLacks registered;

}  // namespace
