// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this class has the members of a container, and may hold more than its elements
#include <concurrent/pickle.hpp>

#include <string>
#include <vector>

struct Track : std::vector<double> {
  std::string name;
};
struct Said : Track {
  template <class Archive>
  void serialize(Archive& archive) {
    archive(static_cast<std::vector<double>&>(*this), name);
  }
};

int main() {
#ifdef CASE
  concurrent::pickle::dumps(Track());
#else
  concurrent::pickle::dumps(Said());
#endif
}
