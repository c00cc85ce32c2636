// SPDX-License-Identifier: BSL-1.0
// A server that runs jobs for its clients in processes: it answers each as its job ends, in whatever order, and a job
// that crashes or takes too long costs nobody else anything. The client here is a thread at the other end of a socket.
//
// prints:
//   1: 328350
//   2: failed: died of signal 11
//   3: failed: took too long
//   4: failed: no such job: dance
//   5: 285
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <concurrent/futures.hpp>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

std::string run_job(const std::string& job) {
  std::istringstream words(job);
  std::string name;
  long n = 0;
  words >> name >> n;
  if (name == "squares") {
    long sum = 0;
    for (long i = 0; i < n; ++i) sum += i * i;
    return std::to_string(sum);
  }
  if (name == "crash") std::raise(SIGSEGV);
  if (name == "hang") std::this_thread::sleep_for(1h);
  throw std::invalid_argument("no such job: " + name);
}

// What a future became, in words. It is done: this does not wait.
std::string answer(const cf::Future<std::string>& job) {
  try {
    return job.result();
  } catch (const cf::WorkerDied& death) {
    return "failed: died of signal " + std::to_string(death.signal().value_or(0));
  } catch (const cf::TaskTimeoutError&) {
    return "failed: took too long";
  } catch (const std::exception& error) {
    return std::string("failed: ") + error.what();
  }
}

void serve(int client) {
  std::mutex one_line_at_a_time;
  cf::ProcessPoolExecutor pool({.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  FILE* in = fdopen(client, "r");
  char line[200];
  while (fgets(line, sizeof line, in)) {  // "<number> <job>\n"
    std::istringstream request(line);
    std::string number, job;
    std::getline(request >> number >> std::ws, job);
    pool.submit(cf::TaskOptions{.timeout = 300ms, .label = job}, run_job, job)
        .add_done_callback([&, number](const cf::Future<std::string>& done) {
          const std::string reply = number + ": " + answer(done) + "\n";
          const std::lock_guard lock(one_line_at_a_time);
          static_cast<void>(!write(client, reply.data(), reply.size()));
        });
  }
  pool.shutdown();  // every callback has run
  fclose(in);
}

int main() {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  std::signal(SIGPIPE, SIG_IGN);  // a client may leave before its answers
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 1;
  std::thread client([end = ends[0]] {
    const std::string requests = "1 squares 100\n2 crash\n3 hang\n4 dance\n5 squares 10\n";
    static_cast<void>(!write(end, requests.data(), requests.size()));
    shutdown(end, SHUT_WR);
    std::map<int, std::string> answers;  // they come as their jobs end
    FILE* in = fdopen(end, "r");
    char line[200];
    while (fgets(line, sizeof line, in)) answers[std::atoi(line)] = line;
    for (const auto& [number, text] : answers) std::fputs(text.c_str(), stdout);
    fclose(in);
  });
  serve(ends[1]);
  client.join();
}
