// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this exception holds more than the text of what(), which would be lost.
#include <concurrent/pickle.hpp>

#include <stdexcept>
#include <string>

struct Failure : std::runtime_error {
  explicit Failure(const std::string& text = {}, int c = 0) : std::runtime_error(text), code(c) {}
  int code = 0;
#ifndef CASE
  template <class Archive>
  void serialize(Archive& archive) {
    archive(code);
  }
#endif
};

CONCURRENT_FUTURES_EXCEPTION(Failure);

int main() {}
