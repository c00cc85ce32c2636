// SPDX-License-Identifier: BSL-1.0
#include "region.hpp"

#include <gtest/gtest.h>

namespace cf = concurrent::futures;
using survey::Region;

TEST(Region, ScalesAndMeasures) {
  const Region square{"square", {{0, 0}, {2, 0}, {2, 2}, {0, 2}}};
  EXPECT_DOUBLE_EQ(survey::area(square), 4);
  EXPECT_DOUBLE_EQ(survey::area(survey::scaled(square, 2)), 16);
}

TEST(Region, TravelsWhole) {
  const Region square{"square", {{0, 0}, {2, 0}, {2, 2}, {0, 2}}};
  EXPECT_EQ(concurrent::pickle::loads<Region>(concurrent::pickle::dumps(square)), square);
}
