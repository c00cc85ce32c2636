// SPDX-License-Identifier: BSL-1.0
#include "region.hpp"

#include <cmath>

namespace survey {

double area(const Region& region) {
  if (region.corners.size() < 3) throw BadRegion(region.name + " has too few corners");
  double twice = 0;
  for (std::size_t i = 0; i < region.corners.size(); ++i) {
    const Point &a = region.corners[i], &b = region.corners[(i + 1) % region.corners.size()];
    twice += a.x * b.y - b.x * a.y;
  }
  return std::abs(twice) / 2;
}

Region scaled(Region region, double factor) {
  for (Point& corner : region.corners) corner = {corner.x * factor, corner.y * factor};
  return region;
}

}  // namespace survey
