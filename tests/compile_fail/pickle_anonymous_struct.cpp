// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: an aggregate with an anonymous union or struct cannot be taken apart.
// expect: Point
// expect: serialize(Archive& archive)
#include <concurrent/pickle.hpp>

#include <string>

#pragma GCC diagnostic ignored "-Wpedantic"
struct Point {
  std::string name;
  struct {
    int x, y;
  };
#ifndef CASE
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, x, y);
  }
#endif
};

int main() { concurrent::pickle::dumps(Point{}); }
