// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this exception can neither be pickled nor made from a std::string.
#include <concurrent/pickle.hpp>

#include <stdexcept>
#include <string>

class Failure : public std::runtime_error {
 public:
#ifdef CASE
  Failure(int a, int b) : std::runtime_error(std::to_string(a + b)) {}
#else
  explicit Failure(const std::string& text) : std::runtime_error(text) {}
#endif
};

CONCURRENT_FUTURES_EXCEPTION(Failure);

int main() {}
