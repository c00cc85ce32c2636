// SPDX-License-Identifier: BSL-1.0
// A connection for each worker: made when its first task asks for it, found by the tasks after that, and closed when
// the worker leaves, after the pool's finalizer has run there.
//
// prints:
//   12 queries over 2 connections at the most: yes
//   as many goodbyes as connections: yes
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <optional>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

using Count = mp::Value<int>;

/// Stands for one to a database. It counts those that are opened, and those that have said goodbye.
class Connection {
 public:
  void open(const Count& opened, const Count& goodbyes) {
    if (goodbyes_) return;  // a task before this one has
    opened.fetch_add(1);
    goodbyes_.emplace(goodbyes);
  }
  int query(int n) const { return n * n; }
  void say_goodbye() {
    if (goodbyes_) goodbyes_->fetch_add(1);
  }

 private:
  std::optional<Count> goodbyes_;
};

int query(const Count& opened, const Count& goodbyes, int n) {
  auto& connection = cf::worker_local<Connection>();
  connection.open(opened, goodbyes);
  return connection.query(n);
}

void at_the_end() { cf::worker_local<Connection>().say_goodbye(); }

int main() {
  Count opened(0);
  Count goodbyes(0);
  int rows = 0;
  {
    cf::ProcessPoolExecutor pool({.max_workers = 2, .finalizer = cf::Initializer{at_the_end}});
    std::vector<cf::Future<int>> answers;
    for (int n = 0; n < 12; ++n) answers.push_back(pool.submit(query, opened, goodbyes, n));
    for (const auto& answer : answers) {
      answer.result();
      ++rows;
    }
  }  // workers leave here, in good order
  std::printf("%d queries over 2 connections at the most: %s\n", rows, opened.load() <= 2 ? "yes" : "no");
  std::printf("as many goodbyes as connections: %s\n", goodbyes.load() == opened.load() ? "yes" : "no");
}
