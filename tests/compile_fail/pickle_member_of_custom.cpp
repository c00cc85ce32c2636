// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process.
// What serialize gives to the archive is checked, too.
#include <concurrent/pickle.hpp>

struct Holder {
  int number = 0;
  int* pointer = nullptr;
  template <class Archive>
  void serialize(Archive& archive) {
#ifdef CASE
    archive(number, pointer);
#else
    archive(number);
#endif
  }
};

int main() { concurrent::pickle::dumps(Holder()); }
