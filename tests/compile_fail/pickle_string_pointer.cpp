// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a pointer to characters means nothing in another process. Use std::string.
#include <concurrent/pickle.hpp>

#include <string>
#include <tuple>

#ifdef CASE
using Text = const char*;
#else
using Text = std::string;
#endif

int main() { concurrent::pickle::dumps(std::tuple<int, Text>(1, "text")); }
