// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::multiprocessing: shared memory begins a page. Align to at most 4096.
#include <concurrent/multiprocessing.hpp>

struct alignas(8192) Wide {
  int number;
};
struct alignas(4096) Page {
  int number;
};

int main() {
#ifdef CASE
  concurrent::multiprocessing::Array<Wide> array(3);
#else
  concurrent::multiprocessing::Array<Page> array(3);
#endif
}
