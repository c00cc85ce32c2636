// SPDX-License-Identifier: BSL-1.0
#include "survey.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cf = concurrent::futures;
using namespace std::chrono_literals;
using survey::Region;
using survey::Survey;

namespace {
const Region unit{"unit", {{0, 0}, {1, 0}, {1, 1}, {0, 1}}};
const Region line{"line", {{0, 0}, {1, 0}}};
}  // namespace

TEST(Survey, OneRegion) {
  Survey survey(1);
  auto future = survey.area_of(unit, 3);
  EXPECT_TRUE(future.valid());
  future.wait();
  EXPECT_DOUBLE_EQ(future.get(), 9);
}

TEST(Survey, AllRegions) {
  Survey survey(2);
  EXPECT_DOUBLE_EQ(survey.total(std::vector<Region>(10, unit), 2), 40);
}

TEST(Survey, ABadRegionKeepsItsType) {
  Survey survey(1);
  EXPECT_THROW(survey.area_of(line, 1).get(), survey::BadRegion);
  EXPECT_DOUBLE_EQ(survey.area_of(unit, 1).get(), 1);
}

// An EXPECT inside a task fails in the worker, where no test is running: nobody would see it. So a task returns what
// is to be checked, and the test checks it here.
TEST(Survey, CheckWhatTheTaskReturns) {
  cf::ProcessPoolExecutor pool(1);
  const auto [before, after] =
      pool.submit(
              [](const Region& region) {
                return std::pair(survey::area(region), survey::area(survey::scaled(region, 2)));
              },
              unit)
          .get();
  EXPECT_DOUBLE_EQ(before * 4, after);
}
