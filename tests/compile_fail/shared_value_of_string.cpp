// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::multiprocessing: a Value between processes must be trivially copyable. Use a number, an enum or a
#include <concurrent/multiprocessing.hpp>

#include <string>

int main() {
#ifdef CASE
  concurrent::multiprocessing::Value<std::string> value;
#else
  concurrent::multiprocessing::Value<int> value;
#endif
}
