# SPDX-License-Identifier: BSL-1.0
# cmake [-D OUTPUT=….hpp] -P single_header.cmake: the three umbrella headers, the small ones that they leave out, and all
# that these include of this library, each in the place of its first include, as one file; and beside it what not everybody
# wants to pay for: containers in shared memory, which take time to compile, as …_shared_objects.hpp, coroutines, as
# …_coroutine.hpp, Asio, as …_asio.hpp, and senders, as …_execution.hpp.
cmake_minimum_required(VERSION 3.23)
if(NOT INCLUDE_DIR)
  set(INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/../include")
endif()
if(NOT OUTPUT)
  set(OUTPUT concurrent_futures.hpp)
endif()
if(NOT VERSION)
  file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../CMakeLists.txt" VERSION REGEX "^project\\(")
  string(REGEX MATCH "[0-9.]+" VERSION "${VERSION}")
endif()
set(seen "")
set(text "")
set(definitions "")

# Appends one header to `text`. No lists here: a source has semicolons and brackets of its own.
function(append_header name)
  if(name IN_LIST seen)
    return()
  endif()
  list(APPEND seen "${name}")
  file(READ "${INCLUDE_DIR}/${name}" rest)
  string(REPLACE "// SPDX-License-Identifier: BSL-1.0\n" "" rest "${rest}")
  string(REPLACE "#pragma once\n" "" rest "${rest}")
  # What is left out of most translation units under separate compilation stands together, at the end.
  while(rest MATCHES "\n#ifdef CONCURRENT_FUTURES_DEFINITIONS\n(#include <concurrent/[a-z0-9_/.]+>\n)+#endif\n")
    set(block "${CMAKE_MATCH_0}")
    string(REPLACE "${block}" "" rest "${rest}")
    string(REGEX MATCHALL "concurrent/[a-z0-9_/.]+" names "${block}")
    list(APPEND definitions ${names})
  endwhile()
  string(APPEND text "\n// ${name}\n")
  while(rest MATCHES "(^|\n)#include [<\"](concurrent/[a-z0-9_/.]+)[>\"]")
    set(directive "${CMAKE_MATCH_0}")
    set(included "${CMAKE_MATCH_2}")
    string(FIND "${rest}" "${directive}" begin)
    string(LENGTH "${directive}" length)
    string(SUBSTRING "${rest}" 0 ${begin} before)
    math(EXPR begin "${begin} + ${length}")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(APPEND text "${before}\n")
    append_header("${included}")
  endwhile()
  string(APPEND text "${rest}")
  set(text "${text}" PARENT_SCOPE)
  set(seen "${seen}" PARENT_SCOPE)
  set(definitions "${definitions}" PARENT_SCOPE)
endfunction()

append_header(concurrent/pickle.hpp)
append_header(concurrent/multiprocessing.hpp)
append_header(concurrent/futures.hpp)
append_header(concurrent/futures/progress.hpp)
# For who has included what these are for.
string(APPEND text "\n#if defined(EIGEN_CORE_H) || defined(EIGEN_CORE_MODULE_H)\n")
append_header(concurrent/pickle/eigen.hpp)
string(APPEND text "\n#endif\n\n#if defined(INCLUDE_NLOHMANN_JSON_HPP_) || defined(NLOHMANN_JSON_HPP)\n")
append_header(concurrent/pickle/nlohmann_json.hpp)
string(APPEND text "\n#endif\n")
# What the definitions and MPIPoolExecutor both need has to be seen where either of them is.
foreach(name IN ITEMS futures/detail/pool/at_exit futures/detail/pool/failure os/initialisation
    multiprocessing/detail/start_hooks multiprocessing/cpu_count)
  append_header(concurrent/${name}.hpp)
endforeach()
string(APPEND text "\n#ifdef CONCURRENT_FUTURES_DEFINITIONS\n")
while(definitions)
  list(POP_FRONT definitions name)
  append_header("${name}")
endwhile()
string(APPEND text "\n#endif  // CONCURRENT_FUTURES_DEFINITIONS\n")
string(APPEND text "\n#ifdef CONCURRENT_FUTURES_MPI\n")
append_header(concurrent/futures/mpi.hpp)
string(APPEND text "\n#endif  // CONCURRENT_FUTURES_MPI\n")
string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
file(WRITE "${OUTPUT}" "// SPDX-License-Identifier: BSL-1.0
// concurrent::futures ${VERSION} in one header. It needs C++20, the headers of Boost 1.75 or newer, and fmt 8 or newer
// (link it, or define FMT_HEADER_ONLY); link threads (-pthread).
#pragma once
${text}")

# What costs time or asks for more than everybody has stands beside it, one file each.
get_filename_component(name "${OUTPUT}" NAME)
set(seen_there "${seen}")
foreach(header IN ITEMS multiprocessing/shared_objects futures/coroutine futures/asio futures/execution)
  set(seen "${seen_there}")
  set(text "")
  append_header(concurrent/${header}.hpp)
  string(REGEX REPLACE "^.*/" "_" ending "${header}")
  string(REGEX REPLACE "\\.hpp$" "${ending}.hpp" beside "${OUTPUT}")
  file(WRITE "${beside}" "// SPDX-License-Identifier: BSL-1.0
// concurrent::futures ${VERSION}: what concurrent/${header}.hpp is. Stands beside ${name}.
#pragma once

#include \"${name}\"
${text}")
endforeach()
