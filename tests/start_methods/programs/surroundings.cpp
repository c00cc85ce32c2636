// SPDX-License-Identifier: BSL-1.0
// surroundings METHOD WHAT: a program that has something around it, or changes it, and looks at what its workers have.
// Prints "right", or what was not; where it has no standard output, that is all in its exit status.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <locale>
#include <string>
#include <vector>

#include "support/processes.hpp"
#include "support/shared.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;

namespace {

std::string method;
const gid_t groups_of_test = 54321;

cf::ProcessPoolOptions options(int workers = 1) {
  cf::ProcessPoolOptions all;
  all.max_workers = workers;
  all.mp_context = mp::get_context(method);
  return all;
}

int failures = 0;
void check(bool right, const std::string& what) {
  if (right) return;
  ++failures;
  std::printf("wrong: %s\n", what.c_str());
}

/// What the numbers of a process's descriptors lead to.
std::vector<std::string> descriptors_of(pid_t process) {
  std::vector<std::string> found;
  const std::string folder = "/proc/" + std::to_string(process) + "/fd";
  for (const std::string& name : support::names_in(folder)) {
    char target[256];
    const ssize_t size = ::readlink((folder + "/" + name).c_str(), target, sizeof target);
    if (size > 0) found.push_back(name + " " + std::string(target, static_cast<std::size_t>(size)));
  }
  return found;
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
bool is_low(const std::string& descriptor) { return descriptor[0] <= '2' && descriptor[1] == ' '; }

int print_much() {
  for (int i = 0; i < 2000; ++i) std::printf("a line that must not be a message\n");
  std::fflush(stdout);
  std::cout << "another" << std::endl;
  std::cerr << "another" << std::endl;
  return 7;
}

// Started with its streams closed.
void closed_streams() {
  const mp::Value<long> value(5);
  const mp::Array<long> array(4);
  const mp::Event event;
  cf::ProcessPoolExecutor pool(options(2));
  const bool work = pool.submit(print_much).result() == 7;
  print_much();
  check(work && pool.submit([](mp::Value<long> v) { return v.load(); }, value).result() == 5, "value");
  check(value.load() == 5 && array[0] == 0 && !event.is_set(), "value in the caller");
  // What the shell has left open is the program's; nothing that a library opens stands there.
  const auto right = [](const std::string& descriptor) {
    return !is_low(descriptor) || (!contains(descriptor, "memfd:") && !contains(descriptor, "socket:") &&
                                   !contains(descriptor, "anon_inode:"));
  };
  for (const std::string& descriptor : descriptors_of(::getpid())) check(right(descriptor), descriptor);
  const auto helpers = support::descendants(::getpid());
  check(helpers.size() >= 2, "processes");
  for (const pid_t process : helpers) {
    for (const std::string& descriptor : descriptors_of(process)) check(right(descriptor), descriptor);
  }
}

// What is no message of the library's ends nothing.
void stray_messages() {
  cf::ProcessPoolExecutor pool(options(2));
  check(pool.submit(print_much).result() == 7, "first");
  int sockets = 0;
  for (int fd = 3; fd < 100; ++fd) {
    struct stat file{};
    if (::fstat(fd, &file) != 0 || !S_ISSOCK(file.st_mode)) continue;
    ++sockets;
    check(::write(fd, "a line\n", 7) == 7 && ::send(fd, "", 0, 0) == 0, "write");
    const std::string long_text(64, 'x');
    check(::write(fd, long_text.data(), long_text.size()) == 64, "write");
  }
  check(sockets == 1, "sockets");
  pool.warm_up(2);
  check(pool.processes().size() == 2 && pool.submit(print_much).result() == 7, "after");
}

// ---- Signals

struct Signals {
  unsigned long long ignored = 0;
  unsigned long long caught = 0;
  unsigned long long blocked = 0;
};
Signals signals_here() {
  Signals signals;
  const auto mask = [](const char* field) {
    return std::strtoull(support::status_field("self", field).c_str(), nullptr, 16);
  };
  signals.ignored = mask("SigIgn") & 0x7fff'ffffULL;
  signals.caught = mask("SigCgt") & 0x7fff'ffffULL;  // the C library has two of its own
  signals.blocked = mask("SigBlk");
  return signals;
}
constexpr unsigned long long bit(int number) { return 1ULL << (number - 1); }

void expect_signals(const Signals& found, unsigned long long ignored, const std::string& where) {
  char text[200];
  std::snprintf(text, sizeof text, "%s: ignored %llx, not %llx; caught %llx; blocked %llx", where.c_str(),
                found.ignored, ignored, found.caught, found.blocked);
  check(found.ignored == ignored && found.caught == 0 && found.blocked == 0, text);
}

void signals() {
  for (const int number : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGQUIT, SIGHUP}) std::signal(number, SIG_IGN);
  std::signal(SIGTERM, [](int) {});
  std::signal(SIGUSR2, [](int) {});
  sigset_t blocked;
  sigfillset(&blocked);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  cf::ProcessPoolOptions replaced = options();
  replaced.max_tasks_per_child = 2;
  cf::ProcessPoolExecutor pool(replaced);
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  std::signal(SIGPIPE, SIG_DFL);  // what comes after the executor was made is none of its workers' business
  std::signal(SIGWINCH, SIG_IGN);
  const auto expected =
      bit(SIGPIPE) | bit(SIGXFSZ) | bit(SIGUSR1) | bit(SIGQUIT) | bit(SIGHUP) | bit(SIGTERM) | bit(SIGINT);
  for (int i = 0; i < 6; ++i)
    expect_signals(pool.submit(signals_here).result(), expected, "worker " + std::to_string(i));
  // A server's task whose client has gone.
  check(pool.submit([] {
              int ends[2];
              if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
              ::close(ends[1]);
              return ::write(ends[0], "x", 1) < 0 ? errno : 0;
            }).result() == EPIPE,
        "SIGPIPE");
}

void default_signals() {
  cf::ProcessPoolExecutor pool(options());
  expect_signals(pool.submit(signals_here).result(), bit(SIGINT), "worker");
}

volatile std::sig_atomic_t told = 0;

// The whole group is asked to end: the program, which decides, lets its task finish.
void whole_group() {
  std::signal(SIGTERM, [](int) { told = told + 1; });
  std::signal(SIGHUP, [](int) { told = told + 1; });
  cf::ProcessPoolExecutor pool(options(2));
  const mp::Event begun;
  const mp::Event go_on;
  auto task = pool.submit(
      [](mp::Event b, mp::Event g) {
        b.set();
        return g.wait_for(20s);
      },
      begun, go_on);
  begun.wait();
  ::kill(0, SIGTERM);
  ::kill(0, SIGHUP);
  pool.warm_up(2);  // helper and new workers do not mind either
  ::kill(0, SIGTERM);
  while (told < 3) {
  }
  go_on.set();
  check(task.result(), "the task");
  check(pool.submit(print_much).result() == 7, "another task");
  // terminate_workers means these workers all the same, and at once.
  auto stuck = pool.submit([](mp::Event b) { return b.wait_for(20s) && mp::Event().wait_for(20s); }, begun);
  while (!stuck.running()) {
  }
  const auto before = std::chrono::steady_clock::now();
  pool.terminate_workers();
  check(stuck.exception() != nullptr, "terminated");
  pool.shutdown();
  const auto took = std::chrono::steady_clock::now() - before;
  check(took < 900ms, "took " + std::to_string(took / 1ms) + " ms");
  // A task with a handler of its own gets what it waits for.
  cf::ProcessPoolExecutor other(options());
  const mp::Event ready;
  const mp::Value<int> caught;
  static const mp::Value<int>* noted = nullptr;
  auto waiting = other.submit(
      [](mp::Event r, mp::Value<int> c) {
        static const mp::Value<int> kept = c;
        noted = &kept;
        std::signal(SIGTERM, [](int) {
          noted->store(1);
          ::_exit(0);
        });
        r.set();
        return mp::Event().wait_for(20s);
      },
      ready, caught);
  ready.wait();
  other.terminate_workers();
  check(waiting.exception() != nullptr && caught.load() == 1, "a task's handler");
}

// ---- Processes

// A task that changes its user is no longer tied to the helper by the kernel.
void untied() {
  const mp::Value<int> pid;
  const mp::Event ready;
  cf::ProcessPoolExecutor pool(options());
  auto task = pool.submit(
      [](mp::Value<int> p, mp::Event r) {
        ::prctl(PR_SET_PDEATHSIG, 0);
        p.store(::getpid());
        r.set();
        for (volatile int spins = 0;;) spins = spins + 1;
      },
      pid, ready);
  ready.wait();
  const pid_t helper = static_cast<pid_t>(std::stol(support::status_field(std::to_string(pid.load()), "PPid")));
  ::kill(helper, SIGKILL);
  check(task.exception() != nullptr, "broken");
  check(support::eventually([&] { return !support::alive(pid.load()); }, 5s), "the worker lives");
  ::kill(pid.load(), SIGKILL);
}

std::vector<std::string> own_descriptors() { return descriptors_of(::getpid()); }

// Fresh images have nothing open that the program has.
void descriptors() {
  char name[] = "/tmp/surroundings-XXXXXX";
  const int file = ::mkstemp(name);
  int ends[2];
  check(file >= 0 && ::pipe(ends) == 0 && ::dup2(file, 200) == 200, "files");
  std::FILE* const other = ::popen("cat >/dev/null", "w");
  cf::ProcessPoolOptions replaced = options();
  replaced.max_tasks_per_child = 1;
  cf::ProcessPoolExecutor pool(replaced);
  for (int i = 0; i < 3; ++i) {
    for (const std::string& descriptor : pool.submit(own_descriptors).result()) {
      const bool ours = descriptor.find("socket:") != std::string::npos ||
                        descriptor.find("/proc/") != std::string::npos || is_low(descriptor);
      const bool pipe = descriptor.find("pipe:") != std::string::npos;  // one, by which the helper hears of its end
      const bool theirs = descriptor.find(name) != std::string::npos || descriptor.substr(0, 3) == "200";
      check(!theirs && (ours || pipe), "worker has " + descriptor);
    }
  }
  for (const pid_t process : support::descendants(::getpid())) {
    const std::string title = support::read_text("/proc/" + std::to_string(process) + "/comm");
    if (title == "cat\n" || title == "sh\n") continue;
    for (const std::string& descriptor : descriptors_of(process))
      check(descriptor.find(name) == std::string::npos, title + " has " + descriptor);
  }
  check(::pclose(other) == 0, "pclose");
  ::unlink(name);
}

// ---- Stack

__attribute__((noinline)) int use_stack(int kilobytes) {
  volatile char room[1024];
  room[0] = static_cast<char>(kilobytes);
  room[1023] = room[0];
  const int below = kilobytes == 0 ? 0 : use_stack(kilobytes - 1);
  return below + (room[1023] == room[0] ? 1 : 0);
}
int overflow() { return use_stack(1 << 30); }
int throw_deep(int kilobytes) {
  if (use_stack(kilobytes) > 0) throw std::runtime_error("from deep below");
  return 0;
}

template <class Body>
void in_small_thread(Body body) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_t thread;
  check(::pthread_create(
            &thread, &attributes,
            [](void* argument) -> void* {
              (*static_cast<Body*>(argument))();
              return nullptr;
            },
            &body) == 0,
        "thread");
  ::pthread_join(thread, nullptr);
}

void stack() {
  in_small_thread([] {
    cf::ProcessPoolOptions replaced = options();
    replaced.on_worker_death = cf::WorkerDeathPolicy::fail_task;
    cf::ProcessPoolExecutor pool(replaced);
    check(pool.submit(use_stack, 5000).result() == 5001, "five megabytes");
    try {
      pool.submit(throw_deep, 4000).result();
      check(false, "an exception");
    } catch (const std::runtime_error& error) {
      check(std::string(error.what()) == "from deep below", error.what());
    }
    try {
      pool.submit(overflow).result();
      check(false, "an overflow");
    } catch (const cf::WorkerDied& died) {
      check(died.signal() == SIGSEGV, died.what());
    }
    check(pool.submit(use_stack, 5000).result() == 5001, "after an overflow");
  });
}

// ---- Streams and files

// Started with two lines as its standard input.
void input() {
  char line[100];
  check(std::fgets(line, sizeof line, stdin) != nullptr && std::string(line) == "first\n", "first line");
  cf::ProcessPoolExecutor pool(options());
  check(pool.submit([] { return std::getchar(); }).result() == EOF, "stdin is not empty");
  check(pool.submit([] {
              std::string word;
              return static_cast<bool>(std::cin >> word);
            }).result() == false,
        "cin is not empty");
  check(pool.submit([] { return std::system("read line && exit 3; exit 4") >> 8; }).result() == 4, "a program's input");
  check(std::fgets(line, sizeof line, stdin) != nullptr && std::string(line) == "second\n", "second line");
}
// Started with its standard input closed.
void no_input() {
  check(::fcntl(STDIN_FILENO, F_GETFD) == -1, "the program has an input");
  cf::ProcessPoolExecutor pool(options());
  check(pool.submit([] { return ::fcntl(STDIN_FILENO, F_GETFD); }).result() == 0,
        "stdin is not open, or not inherited");
  check(pool.submit([] { return std::getchar(); }).result() == EOF, "stdin is not empty");
  check(::fcntl(STDIN_FILENO, F_GETFD) == -1, "the executor has taken the program's input");
}
void cin_input() {
  std::ios::sync_with_stdio(false);
  std::string line;
  check(std::getline(std::cin, line) && line == "first", "first line");
  cf::ProcessPoolExecutor pool(options());
  check(pool.submit([] {
              std::string word;
              return static_cast<bool>(std::cin >> word);
            }).result() == false,
        "cin is not empty");
  check(std::getline(std::cin, line) && line == "second", "second line");
}

std::FILE* kept = nullptr;

// What a worker has written and not flushed is there when it has left; what the caller has, is there once.
void files() {
  char name[] = "/tmp/surroundings-XXXXXX";
  char own[] = "/tmp/surroundings-XXXXXX";
  std::FILE* const ours = ::fdopen(::mkstemp(own), "w");
  ::close(::mkstemp(name));
  std::fputs("once\n", ours);
  {
    cf::ProcessPoolExecutor pool(options());
    pool.submit(
            [](std::string path) {
              kept = std::fopen(path.c_str(), "a");
              std::fputs("written\n", kept);
            },
            std::string(name))
        .result();
  }
  check(support::read_text(name) == "written\n", "the worker's file has: " + support::read_text(name));
  {
    cf::ProcessPoolExecutor pool(options());
    auto ended = pool.submit(
        [](std::string path) {
          kept = std::fopen(path.c_str(), "a");
          std::fputs("more\n", kept);
          std::exit(0);
        },
        std::string(name));
    check(ended.exception() != nullptr, "exit");
  }
  check(support::read_text(name) == "written\nmore\n", "the worker's file has: " + support::read_text(name));
  std::fclose(ours);
  check(support::read_text(own) == "once\n", "the caller's file has: " + support::read_text(own));
  ::unlink(name);
  ::unlink(own);
}

std::string locales() { return std::string(std::setlocale(LC_ALL, nullptr)) + " and " + std::locale().name(); }

void locale() {
  check(std::setlocale(LC_ALL, "C.UTF-8") != nullptr, "setlocale");
  std::locale::global(std::locale("C.UTF-8"));
  std::setlocale(LC_NUMERIC, "C");
  const std::string here = locales();
  cf::ProcessPoolOptions replaced = options();
  replaced.max_tasks_per_child = 1;
  cf::ProcessPoolExecutor pool(replaced);
  std::setlocale(LC_ALL, "C");
  for (int i = 0; i < 3; ++i) {
    const std::string there = pool.submit(locales).result();
    check(there == here, "it is " + there + ", not " + here);
  }
}

// ---- Rights

template <class Body>
void expect_refusal(const char* what, Body body) {
  try {
    body();
    check(false, std::string(what) + ": nothing was thrown");
  } catch (const cf::RuntimeError& error) {
    check(std::string(error.what()).find("make an executor after the change") != std::string::npos, error.what());
  }
}

// Run by root.
void rights() {
  if (::geteuid() != 0) return;
  check(::setgid(0) == 0, "setgid");
  for (const std::string how : {"setuid", "setgid", "setgroups", "seteuid", "capset"}) {
    const pid_t child = ::fork();
    if (child == 0) {
      cf::ProcessPoolExecutor pool(options(2));
      std::vector<cf::Future<int>> before;
      if (how != "capset") {  // which nobody is told of: it is seen after a moment's rest
        for (int i = 0; i < 200; ++i) before.push_back(pool.submit(use_stack, 1));
      }
      if (how == "setuid") check(::setuid(54321) == 0, how);
      if (how == "setgid") check(::setgid(54321) == 0, how);
      if (how == "setgroups") check(::setgroups(0, nullptr) == 0 && ::setgroups(1, &groups_of_test) == 0, how);
      if (how == "seteuid") check(::seteuid(54321) == 0, how);
      if (how == "capset") {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct none[2]{};
        check(::syscall(SYS_capset, &header, none) == 0, how);
      }
      expect_refusal(how.c_str(), [&] { pool.submit(use_stack, 1).result(); });
      expect_refusal(how.c_str(), [&] { pool.submit(use_stack, 1).result(); });
      for (const auto& future : before) check(future.result() == 2, "what was submitted before");
      if (how == "seteuid") {  // back, and so on, any number of times
        for (int i = 0; i < 50; ++i) {
          check(::seteuid(0) == 0, how);
          check(pool.submit(use_stack, 1).result() == 2, "rights as before");
          check(::seteuid(54321) == 0, how);
          expect_refusal("again", [&] { pool.submit(use_stack, 1).result(); });
        }
      }
      if (how != "capset" && how != "seteuid") {
        cf::ProcessPoolExecutor other(options(2));
        check(other.submit(use_stack, 1).result() == 2, "an executor made after it");
      }
      std::fflush(stdout);
      pool.shutdown();
      ::_exit(failures == 0 ? 0 : 1);
    }
    int status = 0;
    check(::waitpid(child, &status, 0) == child && status == 0, how);
  }
}

// ---- Messages

template <class Body>
void expect_text(const std::string& text, Body body) {
  try {
    body();
    check(false, "nothing was thrown");
  } catch (const std::exception& error) {
    check(std::string(error.what()).find(text) != std::string::npos, error.what());
  }
}

void closed_channel() {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  cf::ProcessPoolExecutor pool(options(2));
  check(pool.submit(print_much).result() == 7, "before");
  // By the system call itself: ThreadSanitizer takes a descriptor that another thread uses for a data race, rightly.
  for (int fd = 3; fd < 100; ++fd) ::syscall(SYS_close, fd);
  expect_text("the channel between it and this process was closed here. Do not close descriptors", [&] {
    pool.warm_up(2);
    for (;;) pool.submit(print_much).result();
  });
}

void refused_thread() {
  if (::geteuid() == 0 && ::setuid(54321) != 0) return;  // root has no such limit
  const rlimit limit{2, 2};
  check(::setrlimit(RLIMIT_NPROC, &limit) == 0, "setrlimit");
  expect_text("Too many processes or threads, or no room for a stack (ulimit -u, -v, -s; pids.max)",
              [] { cf::ProcessPoolExecutor pool(options()); });
}

void start() {
  cf::ProcessPoolExecutor pool(options());
  check(pool.submit(print_much).result() == 7, "a task");
}

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc < 3) return 2;
  method = argv[1];
  const std::string what = argv[2];
  try {
    if (what == "closed_streams") closed_streams();
    if (what == "stray_messages") stray_messages();
    if (what == "signals") signals();
    if (what == "default_signals") default_signals();
    if (what == "group" && ::setpgid(0, 0) == 0) whole_group();
    if (what == "untied") untied();
    if (what == "descriptors") descriptors();
    if (what == "stack") stack();
    if (what == "input") input();
    if (what == "cin_input") cin_input();
    if (what == "no_input") no_input();
    if (what == "files") files();
    if (what == "locale") locale();
    if (what == "closed_channel") closed_channel();
    if (what == "refused_thread") refused_thread();
    if (what == "rights") rights();
    if (what == "start") start();
  } catch (const std::exception& error) {
    check(false, error.what());
  }
  if (failures == 0) std::printf("right\n");
  std::fflush(stdout);
  return failures == 0 ? 0 : 1;
}
