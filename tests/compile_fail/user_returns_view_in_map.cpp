// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a view (std::string_view, std::span) would point to bytes that are gone. Use std::string
// A map whose results are views of the items.
#include <concurrent/futures.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cf = concurrent::futures;

std::string_view first_word(const std::string& line) { return std::string_view(line).substr(0, line.find(' ')); }
std::string first_word_copied(const std::string& line) { return std::string(first_word(line)); }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<std::string> lines{"a b", "c d"}, words;
#ifdef CASE
  for (auto word : pool.map(first_word, lines)) words.emplace_back(word);
#else
  for (auto word : pool.map(first_word_copied, lines)) words.emplace_back(word);
#endif
  return static_cast<int>(words.size());
}
