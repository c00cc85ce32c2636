// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::multiprocessing: a pointer means nothing in another process. Share what it points to, or an
// index.
#include <concurrent/multiprocessing.hpp>

int main() {
#ifdef CASE
  concurrent::multiprocessing::Array<const char*> array(3);
#else
  concurrent::multiprocessing::Array<char> array(3);
#endif
}
