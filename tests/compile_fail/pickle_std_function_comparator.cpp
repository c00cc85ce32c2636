// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::function hides what it holds
#include <concurrent/pickle.hpp>

#include <functional>
#include <set>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::set<int, std::function<bool(int, int)>>());
#else
  concurrent::pickle::dumps(std::set<int, bool (*)(int, int)>([](int a, int b) { return a > b; }));
#endif
}
