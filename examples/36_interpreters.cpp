// SPDX-License-Identifier: BSL-1.0
// An interpreter with one global state, as those written in C have: each worker process has its own, made ready by the
// initializer. A script that never ends is stopped by its time limit, and one that crashes costs only itself.
//
// prints:
//   3 4 + => 7
//   5 square => 25
//   2 square square square => 256
//   1 drop drop => the interpreter died of signal 6
//   loop => stopped after 200 ms
//   what => unknown word: what
//   10 square => 100
#include <array>
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

// ---- the library: not thread-safe, and it aborts when its stack runs out
static std::array<long, 64> stack;
static int depth = 0;
static std::map<std::string, std::string> words;

static void push(long value) { stack[static_cast<std::size_t>(depth++)] = value; }
static long pop() {
  if (depth == 0) std::abort();
  return stack[static_cast<std::size_t>(--depth)];
}
static void evaluate(const std::string& script) {
  std::istringstream in(script);
  for (std::string word; in >> word;) {
    if (word == "+") {
      push(pop() + pop());
    } else if (word == "*") {
      push(pop() * pop());
    } else if (word == "dup") {
      push(pop());
      ++depth;
      stack[static_cast<std::size_t>(depth - 1)] = stack[static_cast<std::size_t>(depth - 2)];
    } else if (word == "drop") {
      pop();
    } else if (words.contains(word)) {
      evaluate(words.at(word));
    } else if (word.find_first_not_of("0123456789") == std::string::npos) {
      push(std::stol(word));
    } else if (word == "loop") {
      for (volatile bool on = true; on;) {
      }
    } else {
      throw std::invalid_argument("unknown word: " + word);
    }
  }
}
// ---- the program

void load_prelude(const std::string& name, const std::string& definition) { words[name] = definition; }

long run(const std::string& script) {
  depth = 0;
  evaluate(script);
  return pop();
}

int main() {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  cf::ProcessPoolExecutor pool({
      .max_workers = 2,
      .initializer = cf::Initializer{load_prelude, "square", "dup *"},
      .on_worker_death = cf::WorkerDeathPolicy::fail_task,
  });
  const std::vector<std::string> scripts = {"3 4 +", "5 square", "2 square square square", "1 drop drop", "loop",
                                            "what",  "10 square"};
  std::vector<cf::Future<long>> results;
  for (const std::string& script : scripts)
    results.push_back(pool.submit(cf::TaskOptions{.timeout = 200ms, .label = script}, run, script));
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    std::printf("%s => ", scripts[i].c_str());
    try {
      std::printf("%ld\n", results[i].result());
    } catch (const cf::WorkerDied& death) {
      std::printf("the interpreter died of signal %d\n", death.signal().value_or(0));
    } catch (const cf::TaskTimeoutError&) {
      std::printf("stopped after 200 ms\n");
    } catch (const std::invalid_argument& error) {
      std::printf("%s\n", error.what());
    }
  }
}
