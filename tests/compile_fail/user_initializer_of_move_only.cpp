// SPDX-License-Identifier: BSL-1.0
// expect: an argument of the initializer cannot be copied
// An initializer that is given a container of what cannot be copied.
#include <concurrent/futures.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace cf = concurrent::futures;

struct Model {
  std::vector<std::unique_ptr<double>> weights;
};
void load(const Model&) {}
void load_numbers(const std::vector<double>&) {}

int main() {
  cf::ProcessPoolOptions options;
#ifdef CASE
  options.initializer = cf::Initializer(load, Model());
#else
  options.initializer = cf::Initializer(load_numbers, std::vector<double>{1, 2});
#endif
  cf::ProcessPoolExecutor pool(std::move(options));
  return 0;
}
