// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/cpu_count.hpp>

#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"
#include "support/processes.hpp"

namespace mp = concurrent::multiprocessing;
using concurrent::os::cgroup_cpu_limit;
using concurrent::os::parse_cpu_max;
using mp::detail::count_within;

namespace {

/// A folder that looks like a mounted hierarchy of control groups.
class Hierarchy {
 public:
  Hierarchy() : root_(std::filesystem::temp_directory_path() / ("cgroup_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(root_);
  }
  Hierarchy(const Hierarchy&) = delete;
  Hierarchy& operator=(const Hierarchy&) = delete;
  ~Hierarchy() { std::filesystem::remove_all(root_); }

  void set(const std::string& group, const std::string& cpu_max) const {
    std::filesystem::create_directories(root_ / group);
    std::ofstream(root_ / group / "cpu.max") << cpu_max;
  }
  std::string root() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace

TEST_CASE("cpu_count, usable_cpu_count: at least one, and no more usable than there are") {
  CHECK(mp::cpu_count() >= 1);
  CHECK(mp::usable_cpu_count() >= 1);
  CHECK(mp::usable_cpu_count() <= mp::cpu_count());
}

TEST_CASE("usable_cpu_count: a process that is bound to one processor has one") {
  const pid_t child = support::fork_child([] {
    cpu_set_t all;
    CPU_ZERO(&all);
    if (::sched_getaffinity(0, sizeof all, &all) != 0) return 100;
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
    }
    if (::sched_setaffinity(0, sizeof one, &one) != 0) return 101;
    return mp::usable_cpu_count();
  });
  const int status = support::wait_status(child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("usable_cpu_count: cpu.max is read as quota and period, and what is none of that is no limit") {
  CHECK(parse_cpu_max("50000 100000\n") == 0.5);
  CHECK(parse_cpu_max("250000 100000") == 2.5);
  for (const char* const text : {"max 100000\n", "", "\n", "50000", "50000 0", "-1 100000", "0 100000", "words"}) {
    CAPTURE(text);
    CHECK(parse_cpu_max(text) == 0);
  }
}

TEST_CASE("usable_cpu_count: the smallest quota from this process's group up to the root counts") {
  const Hierarchy groups;
  CHECK(cgroup_cpu_limit("0::/outer/inner\n", groups.root()) == 0);
  groups.set("outer/inner", "max 100000");
  CHECK(cgroup_cpu_limit("0::/outer/inner\n", groups.root()) == 0);
  groups.set("outer", "150000 100000");
  CHECK(cgroup_cpu_limit("0::/outer/inner\n", groups.root()) == 1.5);
  groups.set("outer/inner", "300000 100000");
  CHECK(cgroup_cpu_limit("0::/outer/inner\n", groups.root()) == 1.5);
  groups.set("outer/inner", "50000 100000");
  CHECK(cgroup_cpu_limit("0::/outer/inner\n", groups.root()) == 0.5);
  groups.set("", "20000 100000");
  CHECK(cgroup_cpu_limit("0::/outer/inner\n", groups.root()) == 0.2);
  CHECK(cgroup_cpu_limit("0::/\n", groups.root()) == 0.2);
  CHECK(cgroup_cpu_limit("0::/outer", groups.root()) == 0.2);  // no newline at the end
}

TEST_CASE("usable_cpu_count: the line of version 2 is found among those of version 1, and only that") {
  const Hierarchy groups;
  groups.set("mine", "400000 100000");
  CHECK(cgroup_cpu_limit("12:cpu,cpuacct:/mine\n3:memory:/mine\n0::/mine\n", groups.root()) == 4);
  CHECK(cgroup_cpu_limit("12:cpu,cpuacct:/mine\n", groups.root()) == 0);
  CHECK(cgroup_cpu_limit("10::/mine\n", groups.root()) == 0);
  CHECK(cgroup_cpu_limit("", groups.root()) == 0);
}

TEST_CASE("usable_cpu_count: a quota is rounded up, and never leaves less than one") {
  CHECK(count_within(8, 0) == 8);
  CHECK(count_within(8, 0.1) == 1);
  CHECK(count_within(8, 1.5) == 2);
  CHECK(count_within(8, 2) == 2);
  CHECK(count_within(8, 64) == 8);
  CHECK(count_within(0, 0) == 1);
}
