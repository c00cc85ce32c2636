// SPDX-License-Identifier: BSL-1.0
// map: results in the order of the input, whatever order the tasks end in; several ranges, the shortest decides.
//
// prints:
//   squares: 0 1 4 9 16 25 36 49 64 81
//   factorials: 1 1 2 6 24 120 720 5040 40320 362880
//   1a
//   2b
//   every task ran: 8
#include <concurrent/futures.hpp>
#include <cstdio>
#include <ranges>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }
int factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }
std::string join(const std::string& number, const std::string& letter) { return number + letter; }

int main() {
  cf::ProcessPoolExecutor pool(2);

  std::printf("squares:");
  for (int n : pool.map(square, std::views::iota(0, 10))) std::printf(" %d", n);
  std::printf("\nfactorials:");
  for (int n : pool.map(factorial, std::views::iota(0, 10))) std::printf(" %d", n);
  std::printf("\n");

  const std::vector<std::string> numbers = {"1", "2", "3"};
  const std::vector<std::string> letters = {"a", "b"};
  for (const std::string& both : pool.map(join, numbers, letters)) std::printf("%s\n", both.c_str());

  // The tasks run also when nobody takes the results, as long as the map lives.
  cf::ProcessPoolExecutor another(2);
  auto ignored = another.map(square, std::views::iota(0, 8));
  another.shutdown();
  std::printf("every task ran: %d\n", static_cast<int>(another.statistics().completed));
}
