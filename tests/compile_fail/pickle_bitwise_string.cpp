// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: enable_bitwise is set for a type that is not trivially copyable.
#include <concurrent/pickle.hpp>

#include <string>

class Name {
 public:
  Name() = default;

 private:
#ifdef CASE
  std::string text_;
#else
  char text_[8] = {};
#endif
};

template <>
inline constexpr bool concurrent::pickle::enable_bitwise<Name> = true;

int main() { concurrent::pickle::dumps(Name()); }
