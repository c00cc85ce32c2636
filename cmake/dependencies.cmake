# SPDX-License-Identifier: BSL-1.0
# What a program needs to use the library: read by this project's build and by the installed package alike.

# Finds the dependencies; sets `problem` to a sentence when one is missing, else to nothing.
macro(concurrent_futures_find_dependencies problem)
  set(${problem} "")
  if(POLICY CMP0167)
    cmake_policy(SET CMP0167 NEW)
  endif()
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads QUIET)
  # A program that brought them itself (FetchContent, add_subdirectory) has the targets already.
  if(NOT TARGET Boost::headers)
    find_package(Boost 1.75 QUIET)
  endif()
  if(NOT TARGET fmt::fmt)
    find_package(fmt 8 CONFIG QUIET)
  endif()
  if(NOT TARGET Threads::Threads)
    set(${problem} "the compiler cannot link threads. Install the C library's development files.")
  elseif(NOT TARGET Boost::headers)
    set(${problem}
      "Boost 1.75 or newer was not found. Install it (Debian: libboost1.81-dev) or set Boost_DIR or CMAKE_PREFIX_PATH.")
  elseif(NOT TARGET fmt::fmt)
    set(${problem} "fmt 8 or newer was not found. Install it (Debian: libfmt-dev) or set fmt_DIR or CMAKE_PREFIX_PATH.")
  endif()
endmacro()
