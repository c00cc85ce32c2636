// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "region.hpp"

namespace survey {

/// Areas of many regions, computed in worker processes.
class Survey {
 public:
  explicit Survey(int workers) : pool_({.max_workers = workers}) {}

  /// One at a time, as std::async was used. The future is a std::shared_future in its habits: get, wait_for, valid.
  concurrent::futures::Future<double> area_of(const Region& region, double scale);
  /// All of them. Throws what the first bad one threw.
  double total(const std::vector<Region>& regions, double scale);

 private:
  concurrent::futures::ProcessPoolExecutor pool_;
};

}  // namespace survey
