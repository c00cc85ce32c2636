// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace survey {

struct Point {
  double x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

/// A polygon with a name. An aggregate: tasks take and return it as it is.
struct Region {
  std::string name;
  std::vector<Point> corners;
  friend bool operator==(const Region&, const Region&) = default;
};

class BadRegion : public std::runtime_error {
 public:
  explicit BadRegion(const std::string& message) : std::runtime_error(message) {}
};

/// Throws: BadRegion if it has fewer than three corners.
double area(const Region& region);
Region scaled(Region region, double factor);

}  // namespace survey

CONCURRENT_FUTURES_EXCEPTION(survey::BadRegion)
