// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this class is pickled by a function of its base class, which leaves out the members
#include <concurrent/pickle.hpp>

#include <string>

struct Shape {
  int colour = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(colour);
  }
};
struct Circle : Shape {
  double radius = 0;
};
struct Painted : Shape {  // has nothing more
  bool is_red() const { return colour == 1; }
};

int main() {
#ifdef CASE
  concurrent::pickle::dumps(Circle());
#else
  concurrent::pickle::dumps(Painted());
#endif
}
