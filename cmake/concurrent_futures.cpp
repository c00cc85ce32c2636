// SPDX-License-Identifier: BSL-1.0
// The one translation unit that has the definitions, in a program that links concurrent::futures_separate.
#define CONCURRENT_FUTURES_IMPLEMENTATION
#include <concurrent/futures.hpp>
