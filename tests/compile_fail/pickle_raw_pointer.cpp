// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process.
// An aggregate's member, within a vector.
#include <concurrent/pickle.hpp>

#include <vector>

struct Node {
  int value = 0;
#ifdef CASE
  int* next = nullptr;
#endif
};

int main() { concurrent::pickle::dumps(std::vector<Node>()); }
