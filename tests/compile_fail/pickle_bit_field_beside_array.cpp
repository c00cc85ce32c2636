// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the members of this aggregate cannot be enumerated or made one by one
// expect: Header
// expect: serialize(Archive& archive)
#include <concurrent/pickle.hpp>

#include <string>

struct Header {
  unsigned version : 4;
  std::string name;
#ifdef CASE
  char mark[4];
#endif
};

int main() { concurrent::pickle::dumps(Header{}); }
