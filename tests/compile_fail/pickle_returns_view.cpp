// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a view (std::string_view, std::span) would point to bytes that are gone.
#include <concurrent/pickle.hpp>

#include <string>
#include <string_view>
#include <tuple>

#ifdef CASE
std::tuple<std::string_view> work(std::string_view text) { return text; }
#else
std::tuple<std::string> work(std::string_view text) { return std::string(text); }
#endif

int main() { concurrent::pickle::check_call<decltype(work), std::string>(); }
