// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: an abstract class cannot be made on the other side.
#include <concurrent/pickle.hpp>

#include <memory>

struct Shape {
  virtual ~Shape() = default;
#ifdef CASE
  virtual double area() const = 0;
#endif
  template <class Archive>
  void serialize(Archive&) {}
};

int main() { concurrent::pickle::dumps(std::unique_ptr<Shape>()); }
