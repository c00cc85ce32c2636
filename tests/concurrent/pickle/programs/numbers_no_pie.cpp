// SPDX-License-Identifier: BSL-1.0
// In an executable that lies where it was linked, variables and heap have addresses as small as many a number. Prints
// how many of as many random closures as it is told were refused.
#include "../number_captures.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  std::printf("%s %d", concurrent::pickle::detail::main_module().base == 0 ? "fixed" : "moved",
              refused_numbers(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0));
}
