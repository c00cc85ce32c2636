// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a view (std::string_view, std::span) would point to bytes that are gone.
// The view would point to what ends with the task.
#include <concurrent/futures.hpp>
#include <string>
#include <string_view>

namespace cf = concurrent::futures;

std::string_view first(std::string_view text) { return text.substr(0, 1); }
std::string first_as_string(std::string_view text) { return std::string(first(text)); }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(first, "text");
#else
  pool.submit(first_as_string, "text");
#endif
}
