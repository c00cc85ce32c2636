// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a type of Eigen's. For matrices, vectors, arrays, rotations and transformations
// expect: Eigen::Vector
// A type of Eigen's (or one that looks so) without the header for
// it, as a member of a result.
#include <concurrent/futures.hpp>
#include <string>

namespace cf = concurrent::futures;

namespace Eigen {
class Vector {
 public:
  double sum() const { return sum_; }

 private:
  double sum_ = 0;
};
}  // namespace Eigen

struct Fit {
  std::string name{};
  Eigen::Vector weights{};
};
Fit fit(int) { return {}; }
double weight(int) { return fit(0).weights.sum(); }

int main() {
  cf::ProcessPoolExecutor pool(2);
  double total = 0;
#ifdef CASE
  total += pool.submit(fit, 3).result().weights.sum();
#else
  total += pool.submit(weight, 3).result();
#endif
  return total > 0;
}
