// SPDX-License-Identifier: BSL-1.0
/// Which version of the library this is, and what it needs of the compiler. Every header includes this one first of
/// all, so that where something is missing the first message says what.
#pragma once

/// Major version * 10000 + minor version * 100 + patch.
#define CONCURRENT_FUTURES_VERSION 100
/// The same as "major.minor.patch".
#define CONCURRENT_FUTURES_VERSION_STRING "0.1.0"

#if !defined(__linux__)
#error \
    "concurrent::futures: this system is not supported: it is not Linux. Workers are started and watched by calls that only Linux has."
#elif !defined(__LP64__)
#error \
    "concurrent::futures: this target is not supported: its pointers or longs have not 64 bits. Compile without -m32 and -mx32."
#elif defined(__clang__) && __clang_major__ < 16
#error "concurrent::futures: this Clang is too old. Use Clang 16 or newer, or GCC 12 or newer."
#elif !defined(__clang__) && (!defined(__GNUC__) || __GNUC__ < 12)
#error "concurrent::futures: this compiler is too old or unknown. Use GCC 12 or newer, or Clang 16 or newer."
#elif __cplusplus < 202002L
#error \
    "concurrent::futures: C++20 is needed. Compile with -std=c++20 or newer (in CMake: target_compile_features(<target> PRIVATE cxx_std_20))."
#elif !defined(__cpp_exceptions)
#error \
    "concurrent::futures: exceptions are needed: what a task throws is thrown to whoever wants its result. Compile without -fno-exceptions."
#elif !defined(__cpp_rtti)
#error \
    "concurrent::futures: run-time type information is needed: exceptions travel with their types. Compile without -fno-rtti."
#else
#define CONCURRENT_FUTURES_SUPPORTED
#endif

#ifdef CONCURRENT_FUTURES_SUPPORTED
#undef CONCURRENT_FUTURES_SUPPORTED
#else
#include "nothing else is looked at: see the error above"  // which no file is: it ends the compilation here
#endif
