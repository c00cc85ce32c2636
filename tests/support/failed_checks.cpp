// SPDX-License-Identifier: BSL-1.0
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
#endif

#include "support/failed_checks.hpp"

namespace support {

int& failed_checks() {
  static int count = 0;
  return count;
}

namespace {

#if __has_include(<catch2/catch_all.hpp>)
struct CountFailures : Catch::EventListenerBase {
  using Catch::EventListenerBase::EventListenerBase;
  void assertionEnded(const Catch::AssertionStats& stats) override {
    if (!stats.assertionResult.isOk()) ++failed_checks();
  }
};
#else
struct CountFailures : Catch::TestEventListenerBase {
  using Catch::TestEventListenerBase::TestEventListenerBase;
  bool assertionEnded(const Catch::AssertionStats& stats) override {
    if (!stats.assertionResult.isOk()) ++failed_checks();
    return true;
  }
};
#endif

CATCH_REGISTER_LISTENER(CountFailures)

}  // namespace
}  // namespace support
