// SPDX-License-Identifier: BSL-1.0
// A sweep over parameters with Eigen: a small system is solved for each, matrices travel there and back. Needs Eigen.
//
// prints:
//   stiffness 1: moves by 0.3000, 0.5000, 0.6000
//   stiffness 2: moves by 0.1500, 0.2500, 0.3000
//   stiffness 4: moves by 0.0750, 0.1250, 0.1500
#include <concurrent/futures.hpp>
#include <concurrent/pickle/eigen.hpp>
#include <cstdio>
#include <Eigen/Dense>
#include <vector>

namespace cf = concurrent::futures;

struct Solution {  // an aggregate that holds a matrix
  double stiffness = 0;
  Eigen::VectorXd moves;
};

Solution solve(const Eigen::MatrixXd& unit, double stiffness) {
  const Eigen::VectorXd load = Eigen::VectorXd::Constant(unit.rows(), 0.1);
  return {stiffness, (stiffness * unit).ldlt().solve(load)};
}

int main() {
  Eigen::MatrixXd chain(3, 3);  // three masses on springs, the first one held by the wall
  chain << 2, -1, 0, -1, 2, -1, 0, -1, 1;
  cf::ProcessPoolExecutor pool(2);
  for (const Solution& solution : pool.map(cf::partial(solve, chain), std::vector{1.0, 2.0, 4.0})) {
    std::printf("stiffness %g: moves by %.4f, %.4f, %.4f\n", solution.stiffness, solution.moves[0], solution.moves[1],
                solution.moves[2]);
  }
}
