# SPDX-License-Identifier: BSL-1.0
# How this project builds its own tests, examples and benchmarks. Nothing here reaches users of concurrent::futures.

set(CMAKE_CXX_EXTENSIONS OFF)
add_library(concurrent_futures_own INTERFACE)
target_link_libraries(concurrent_futures_own INTERFACE concurrent::futures)
target_compile_options(concurrent_futures_own INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Werror)

set(CONCURRENT_FUTURES_SANITIZE "" CACHE STRING "Sanitizers for this project's own targets: address;undefined or thread")
if(CONCURRENT_FUTURES_SANITIZE)
  list(JOIN CONCURRENT_FUTURES_SANITIZE "," sanitizers)
  target_compile_options(concurrent_futures_own INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(concurrent_futures_own INTERFACE -fsanitize=${sanitizers})
  # GCC's flow analysis sees paths through the checks that sanitizers add, and warns of what cannot happen.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(concurrent_futures_own INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  endif()
  if("thread" IN_LIST CONCURRENT_FUTURES_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(concurrent_futures_own INTERFACE -Wno-tsan)
  endif()
endif()

option(CONCURRENT_FUTURES_COVERAGE "Measure which lines this project's own targets run" OFF)
if(CONCURRENT_FUTURES_COVERAGE)
  target_compile_options(concurrent_futures_own INTERFACE --coverage -fprofile-abs-path)
  target_link_options(concurrent_futures_own INTERFACE --coverage)
endif()
