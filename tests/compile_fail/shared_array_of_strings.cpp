// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::multiprocessing: the elements of an Array between processes must be trivially copyable. Use
// numbers
#include <concurrent/multiprocessing.hpp>

#include <string>

int main() {
#ifdef CASE
  concurrent::multiprocessing::Array<std::string> array(3);
#else
  concurrent::multiprocessing::Array<char> array(3);
#endif
}
