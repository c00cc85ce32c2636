// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a view (std::string_view, std::span) would point to bytes that are gone.
#include <concurrent/pickle.hpp>

#include <string>
#include <string_view>

int main() {
  const auto bytes = concurrent::pickle::dumps(std::string("text"));
#ifdef CASE
  concurrent::pickle::loads<std::string_view>(bytes);
#else
  concurrent::pickle::loads<std::string>(bytes);
#endif
}
