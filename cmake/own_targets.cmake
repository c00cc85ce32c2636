# SPDX-License-Identifier: BSL-1.0
# How this project builds its own tests, examples and benchmarks. Nothing here reaches users of concurrent::futures.

set(CMAKE_CXX_EXTENSIONS OFF)
add_library(concurrent_futures_own INTERFACE)
add_library(concurrent_futures_own_headers INTERFACE)  # the library as this project's own targets see it
target_link_libraries(concurrent_futures_own INTERFACE concurrent_futures_own_headers)

option(CONCURRENT_FUTURES_OWN_SINGLE_HEADER "Build this project's own targets against the single header" OFF)
if(CONCURRENT_FUTURES_OWN_SINGLE_HEADER)
  # Nothing under include/ can be seen: each header's name leads to the one file, or to the second beside it.
  set(forwards "${PROJECT_BINARY_DIR}/single_header/forwards")
  foreach(header IN LISTS headers)
    file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}/include" "${header}")
    set(file concurrent_futures)
    if(name MATCHES "^concurrent/(multiprocessing|futures)/(shared_objects|coroutine|asio|execution)\\.hpp$")
      string(APPEND file "_${CMAKE_MATCH_2}")
    endif()
    set(before "")
    if(name STREQUAL "concurrent/futures/implementation.hpp")
      set(before "#define CONCURRENT_FUTURES_IMPLEMENTATION\n")
    endif()
    file(CONFIGURE OUTPUT "${forwards}/${name}" CONTENT "${before}#include <${file}.hpp>\n")
  endforeach()
  target_include_directories(concurrent_futures_own_headers INTERFACE "${forwards}" "${PROJECT_BINARY_DIR}/single_header")
  target_compile_features(concurrent_futures_own_headers INTERFACE cxx_std_20)
  target_link_libraries(concurrent_futures_own_headers
    INTERFACE Boost::headers ${fmt_target} Threads::Threads ${CMAKE_DL_LIBS})
  add_dependencies(concurrent_futures_own_headers single_header)
else()
  target_link_libraries(concurrent_futures_own_headers INTERFACE concurrent::futures)
endif()
target_compile_options(concurrent_futures_own INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Tests capture constants on purpose; what each lock guards is said in the code (multiprocessing/detail/mutex.hpp).
  target_compile_options(concurrent_futures_own INTERFACE -Wno-unused-lambda-capture -Wthread-safety)
endif()
option(CONCURRENT_FUTURES_WERROR "Treat warnings in this project's own targets as errors (the presets do)" OFF)
if(CONCURRENT_FUTURES_WERROR)
  target_compile_options(concurrent_futures_own INTERFACE -Werror)
endif()

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

option(CONCURRENT_FUTURES_OWN_SEPARATE "Build this project's own targets with separate compilation" OFF)
if(CONCURRENT_FUTURES_OWN_SEPARATE)
  add_library(concurrent_futures_own_separate STATIC cmake/concurrent_futures.cpp)
  set_target_properties(concurrent_futures_own_separate PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(concurrent_futures_own_separate PUBLIC concurrent_futures_own_headers)
  target_compile_options(concurrent_futures_own_separate
    PRIVATE "$<TARGET_PROPERTY:concurrent_futures_own,INTERFACE_COMPILE_OPTIONS>")
  target_compile_definitions(concurrent_futures_own INTERFACE CONCURRENT_FUTURES_SEPARATE_COMPILATION)
  target_link_libraries(concurrent_futures_own INTERFACE concurrent_futures_own_separate)
endif()

# For the tests and the example of mpi.hpp, where there is MPI. Sanitizers find much in it that is not ours, and the one
# header has it for programs that ask for it.
if(NOT CONCURRENT_FUTURES_SANITIZE AND NOT CONCURRENT_FUTURES_OWN_SINGLE_HEADER)
  concurrent_futures_add_mpi(problem)
  if(problem)
    message(STATUS "tests/mpi and 33_many_machines are left out: ${problem}")
  endif()
endif()
