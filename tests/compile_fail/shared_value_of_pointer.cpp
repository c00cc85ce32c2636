// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::multiprocessing: a pointer means nothing in another process. Share what it points to, or an
// index.
#include <concurrent/multiprocessing.hpp>

int main() {
#ifdef CASE
  concurrent::multiprocessing::Value<int*> value;
#else
  concurrent::multiprocessing::Value<int> value;
#endif
}
