// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the members of this aggregate cannot be enumerated or made one by one (it may have a
// reference expect: Line
#include <concurrent/pickle.hpp>

#include <string>

#ifdef CASE
struct Line {
  const std::string& text;
  int number;
};
#else
struct Line {
  std::string text;
  int number;
};
#endif

int main() {
  const std::string text = "text";
  concurrent::pickle::dumps(Line{text, 1});
}
