// SPDX-License-Identifier: BSL-1.0
// A large table is built once in shared memory, and every task looks things up where they lie, without a copy. Also
// under spawn, whose workers inherit nothing.
//
// prints:
//   100000 words, in shared memory
//   word 1 has 1 divisor
//   word 97 has 2 divisors
//   word 360 has 24 divisors
//   word 99991 has 2 divisors
//   word 100001 is not in the table
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <concurrent/multiprocessing/shared_objects.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

using Divisors = mp::ManagedMemory::vector<int>;
using Table = mp::ManagedMemory::map<mp::ManagedMemory::string, Divisors>;

// Each worker is given the memory once, and keeps it for all of its tasks.
mp::ManagedMemory words;
void keep(mp::ManagedMemory memory) { words = memory; }

std::string look_up(int n) {
  const std::string word = "word " + std::to_string(n);
  const Table& table = words.at<Table>("words");
  const auto found = table.find(word);
  if (found == table.end()) return word + " is not in the table";
  const auto count = found->second.size();
  return word + " has " + std::to_string(count) + (count == 1 ? " divisor" : " divisors");
}

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  const mp::ManagedMemory memory(std::size_t{1} << 30);  // room, not memory: that is taken as it is used
  Table& table = memory.construct<Table>("words");
  for (int n = 1; n <= 100'000; ++n) {
    table.emplace(memory.text("word " + std::to_string(n)), Divisors(memory.get_allocator<int>()));
  }
  for (int n : {1, 97, 360, 99'991}) {
    Divisors& divisors = table.find("word " + std::to_string(n))->second;
    for (int d = 1; d <= n; ++d) {
      if (n % d == 0) divisors.push_back(d);
    }
  }
  std::printf("%zu words, in shared memory\n", table.size());

  cf::ProcessPoolExecutor pool(
      {.max_workers = 2, .mp_context = mp::get_context("spawn"), .initializer = cf::Initializer{keep, memory}});
  for (const std::string& line : pool.map(look_up, std::vector{1, 97, 360, 99'991, 100'001}))
    std::printf("%s\n", line.c_str());
}
