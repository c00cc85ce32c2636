// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this class is pickled by a function of its base class, which leaves out the members
#include <concurrent/pickle.hpp>

#include <string>
#include <vector>

struct Shape {
  int colour = 0;
  template <class Archive>
  friend void serialize(Archive& archive, Shape& shape) {
    archive(shape.colour);
  }
};
struct Label : Shape {
  std::string text;
};
struct Said : Label {
  template <class Archive>
  void serialize(Archive& archive) {
    archive(static_cast<Shape&>(*this), text);
  }
};

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::vector<Label>());
#else
  concurrent::pickle::dumps(std::vector<Said>());
#endif
}
