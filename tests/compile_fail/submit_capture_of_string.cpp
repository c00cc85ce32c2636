// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures something that is not trivially copyable
// expect: bound with cf::partial(function, value)
// A captured string is not trivially copyable.
#include <concurrent/futures.hpp>
#include <string>

namespace cf = concurrent::futures;

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  std::string text = "text";
  pool.submit([text] { return text.size(); });
#else
  std::string text = "text";
  pool.submit([](const std::string& t) { return t.size(); }, text);
#endif
}
