// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: an aggregate with a base class cannot be taken apart, unless that is empty.
// expect: serialize(Archive& archive)
// expect: enable_bitwise
#include <concurrent/pickle.hpp>

struct Base {
  int number = 0;
};
struct Derived : Base {
  int more = 0;
#ifndef CASE
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, more);
  }
#endif
};

int main() { concurrent::pickle::dumps(Derived()); }
