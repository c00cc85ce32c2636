// SPDX-License-Identifier: BSL-1.0
#include "survey.hpp"

namespace survey {

namespace {
double scaled_area(const Region& region, double scale) { return area(scaled(region, scale)); }
}  // namespace

// Before: return std::async(std::launch::async, scaled_area, region, scale);
concurrent::futures::Future<double> Survey::area_of(const Region& region, double scale) {
  return pool_.submit(scaled_area, region, scale);
}

// Before: a vector of futures from a thread pool's enqueue, with lambdas that captured [&region, scale, this].
double Survey::total(const std::vector<Region>& regions, double scale) {
  double sum = 0;
  for (double part : pool_.map([scale](const Region& region) { return scaled_area(region, scale); }, regions))
    sum += part;
  return sum;
}

}  // namespace survey
