// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments.
// expect: a parameter of type T& cannot take a copy
#include <concurrent/pickle.hpp>

#include <string>

#ifdef CASE
void work(std::string& text) { text += 'x'; }
#else
void work(std::string text) { text += 'x'; }
#endif

int main() { concurrent::pickle::check_call<decltype(work), std::string&>(); }
