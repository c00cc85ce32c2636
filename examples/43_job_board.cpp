// SPDX-License-Identifier: BSL-1.0
// An object of the program's own in a manager: workers take jobs off a board and report what became of them, each in
// one step that nobody comes between. The board itself never travels.
//
// prints:
//   30 jobs, 30 done, none twice
//   the longest word was "aaaaaaaaaa"
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstddef>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

class JobBoard {
 public:
  explicit JobBoard(int jobs) : open_(jobs) {}

  std::optional<int> take() { return open_ == 0 ? std::nullopt : std::optional<int>(--open_); }
  void report(int job, const std::string& text) {
    ++done_[job];
    if (text.size() > longest_.size()) longest_ = text;
  }
  const std::string& longest() const { return longest_; }
  const std::map<int, int>& done() const { return done_; }

 private:
  int open_;
  std::map<int, int> done_;
  std::string longest_;
};

void work(mp::Proxy<JobBoard> board) {
  while (const std::optional<int> job = board.call(&JobBoard::take))
    board.call(&JobBoard::report, *job, std::string(static_cast<std::size_t>(*job % 10 + 1), 'a'));
}

int main() {
  mp::Manager manager;
  const mp::Proxy<JobBoard> board = manager.make<JobBoard>(30);
  {
    cf::ProcessPoolExecutor pool(3);
    for (int i = 0; i < 3; ++i) pool.submit(work, board);
  }
  const std::map<int, int> done = board.call(&JobBoard::done);
  // apply runs any function on it, here one that counts.
  const bool none_twice = board.apply([](const JobBoard& b) {
    for (const auto& [job, times] : b.done()) {
      if (times != 1) return false;
    }
    return true;
  });
  std::printf("30 jobs, %zu done, %s\n", done.size(), none_twice ? "none twice" : "some twice");
  std::printf("the longest word was \"%s\"\n", board.call(&JobBoard::longest).c_str());
}
