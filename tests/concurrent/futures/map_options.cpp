// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/map_options.hpp>

#include "support/catch.hpp"
#include "support/expect.hpp"

namespace cf = concurrent::futures;

TEST_CASE("MapOptions: a chunksize or buffersize of 0 is refused by name") {
  CHECK_NOTHROW(cf::detail::check({}));
  CHECK_NOTHROW(cf::detail::check({.chunksize = cf::auto_chunksize, .buffersize = 1}));
  CHECK(support::contains(support::message_of<std::invalid_argument>([] { cf::detail::check({.chunksize = 0}); }),
                          "chunksize is 0"));
  CHECK(support::contains(support::message_of<std::invalid_argument>([] { cf::detail::check({.buffersize = 0}); }),
                          "buffersize is 0"));
}

TEST_CASE("MapOptions: a negative chunksize or buffersize is refused") {
  const auto minus = static_cast<std::size_t>(-2);
  CHECK(support::contains(support::message_of<std::invalid_argument>([&] { cf::detail::check({.chunksize = minus}); }),
                          "negative"));
  CHECK(support::contains(support::message_of<std::invalid_argument>(
                              [&] { cf::detail::check({.buffersize = static_cast<std::size_t>(-1)}); }),
                          "negative"));
  cf::detail::check({.chunksize = cf::auto_chunksize, .buffersize = 1});
}
