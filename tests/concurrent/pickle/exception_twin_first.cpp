// SPDX-License-Identifier: BSL-1.0
#include "exception_twin.hpp"

namespace {

struct ParseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
CONCURRENT_FUTURES_EXCEPTION(ParseError);

// Of a function that the other file has, too.
auto make_local() {
  struct Local : std::logic_error {
    using std::logic_error::logic_error;
  };
  return Local("first");
}
CONCURRENT_FUTURES_EXCEPTION(decltype(make_local()));

// Declared in one of the two files alone.
struct Undeclared : std::range_error {
  using std::range_error::range_error;
};
CONCURRENT_FUTURES_EXCEPTION(Undeclared);

}  // namespace

const Twin first_twin{
    [] { throw ParseError("first"); }, [] { throw make_local(); },
    [] { throw Undeclared("first"); }, &typeid(ParseError),
    &typeid(decltype(make_local())),
};
