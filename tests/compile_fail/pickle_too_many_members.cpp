// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: an aggregate with more than 100 members cannot be taken apart.
// expect: Record
// expect: serialize(Archive& archive)
#include <concurrent/pickle.hpp>

#include <string>

#define TEN(name) name##0, name##1, name##2, name##3, name##4, name##5, name##6, name##7, name##8, name##9
struct Record {
  int TEN(a), TEN(b), TEN(c), TEN(d), TEN(e), TEN(f), TEN(g), TEN(h), TEN(i);
  std::string TEN(j);
#ifdef CASE
  int last;
#endif
};

int main() { concurrent::pickle::dumps(Record{}); }
