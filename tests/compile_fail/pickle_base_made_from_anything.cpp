// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: an aggregate with a base class cannot be taken apart, unless that is empty.
// expect: Named
#include <concurrent/pickle.hpp>

#include <string>

struct Anything {
  Anything() = default;
  template <class T>
  Anything(T&&) {}
  int number = 0;
};
struct Named : Anything {
  std::string name;
#ifndef CASE
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, number);
  }
#endif
};

int main() { concurrent::pickle::dumps(Named{}); }
