// SPDX-License-Identifier: BSL-1.0
// The one translation unit that has the definitions, in a program that links concurrent::futures_separate.
#include <concurrent/futures/implementation.hpp>
