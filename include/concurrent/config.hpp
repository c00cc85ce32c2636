// SPDX-License-Identifier: BSL-1.0
// Where the parts of this library that are no templates are compiled. Normally in each translation unit that uses them,
// as header-only libraries do. With CONCURRENT_FUTURES_SEPARATE_COMPILATION defined, for the whole program, translation
// units see their declarations alone; one of them includes concurrent/futures/implementation.hpp (or, of the one
// header, defines CONCURRENT_FUTURES_IMPLEMENTATION before it includes that) and has the definitions.
//
// A function on the border, which is called from what every translation unit sees, is defined as
// CONCURRENT_FUTURES_INLINE in a header that is included only #ifdef CONCURRENT_FUTURES_DEFINITIONS. All else in those
// headers may be inline as usual.
#pragma once

#include <concurrent/version.hpp>

#if defined(CONCURRENT_FUTURES_IMPLEMENTATION) && !defined(CONCURRENT_FUTURES_SEPARATE_COMPILATION)
#define CONCURRENT_FUTURES_SEPARATE_COMPILATION
#endif

#ifdef CONCURRENT_FUTURES_SEPARATE_COMPILATION
#define CONCURRENT_FUTURES_INLINE
#ifdef CONCURRENT_FUTURES_IMPLEMENTATION
#define CONCURRENT_FUTURES_DEFINITIONS
#endif
#else
#define CONCURRENT_FUTURES_INLINE inline
#define CONCURRENT_FUTURES_DEFINITIONS
#endif
