// SPDX-License-Identifier: BSL-1.0
// A library that keeps its state in globals cannot be used by two threads. Each worker process has globals of its own.
//
// prints:
//   all digits of each number were kept apart: yes
#include <concurrent/futures.hpp>
#include <cstdio>
#include <cstring>
#include <ranges>
#include <string>

namespace cf = concurrent::futures;

// The library: what it returns lies in one buffer, overwritten by the next call, and strtok has hidden state too.
char buffer[64];
const char* spell_digits(int number) {
  char text[32];
  std::snprintf(text, sizeof text, "%d %d %d", number / 100, number / 10 % 10, number % 10);
  buffer[0] = '\0';
  for (char* part = std::strtok(text, " "); part != nullptr; part = std::strtok(nullptr, " "))
    std::strcat(buffer, part);
  return buffer;
}

std::string spell(int number) { return spell_digits(number); }

int main() {
  cf::ProcessPoolExecutor pool(2);
  bool all = true;
  int number = 100;
  for (const std::string& digits : pool.map(spell, std::views::iota(100, 999), cf::MapOptions{.chunksize = 50})) {
    all = all && digits == std::to_string(number++);
  }
  std::printf("all digits of each number were kept apart: %s\n", all ? "yes" : "no");
}
