// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures something that is not trivially copyable
#include <concurrent/pickle.hpp>

#include <string>

int main() {
  const std::string text;
#ifdef CASE
  const auto function = [text] { return text.size(); };
#else
  const auto function = [size = text.size()] { return size; };
#endif
  concurrent::pickle::check_call<decltype(function)>();
}
