// SPDX-License-Identifier: BSL-1.0
// before_main METHOD: executors at namespace scope, before all that their tasks use. Prints "right", or what was not.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

cf::ProcessPoolExecutor pool(2);         // "fork", whatever main says
cf::ProcessPoolExecutor never_used(64);  // and shut down by nobody
cf::ProcessPoolExecutor only_shut_down(2);
cf::ProcessPoolExecutor in_child(2);

class Late : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  explicit Late(int n) : std::runtime_error("number " + std::to_string(n)) {}
};
CONCURRENT_FUTURES_EXCEPTION(Late)

const std::map<std::string, int> numbers{{"one", 1}, {"two", 2}};
int set_in_main = 0;

int number_of(const std::string& name) { return numbers.at(name) + set_in_main; }
int throw_late() { throw Late(3); }

bool right = true;
void check(bool as_it_should_be, const char* what) {
  if (!as_it_should_be) std::printf("wrong: %s\n", what);
  right = right && as_it_should_be;
}

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc < 2) return 2;
  set_in_main = 10;
  check(pool.processes().empty() && pool.pending_work_items() == 0 && pool.statistics().submitted == 0, "unused");
  check(pool.max_workers() == 2, "max_workers");
  pool.kill_workers();
  check(pool.submit(number_of, "two").result() == 12, "a variable of this file");
  try {
    pool.submit(throw_late).result();
  } catch (const Late& late) {
    check(std::string(late.what()) == "number 3", late.what());
  } catch (...) {
    check(false, "an exception of this file");
  }
  only_shut_down.shutdown();
  only_shut_down.set_max_workers(1);  // for nobody
  only_shut_down.set_max_workers(8);
  try {
    only_shut_down.submit(number_of, "one");
    check(false, "submit after shutdown");
  } catch (const cf::RuntimeError& error) {
    check(std::string(error.what()).find("submit after shutdown") != std::string::npos, error.what());
  }
  // A program may become a daemon before it uses its executor.
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    check(in_child.submit(number_of, "one").result() == 11, "in a child");
    in_child.shutdown();
    std::fflush(stdout);
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  check(::waitpid(child, &status, 0) == child && status == 0, "the child");
  // One that is made in main shows its workers the memory of that moment, as ever.
  cf::ProcessPoolExecutor made_here({.max_workers = 1, .mp_context = mp::get_context(argv[1])});
  set_in_main = 20;
  const int expected = std::string(argv[1]) == "fork" ? 11 : 1;
  check(made_here.submit(number_of, "one").result() == expected, "made in main");
  if (right) std::printf("right\n");
  return right ? 0 : 1;
}
