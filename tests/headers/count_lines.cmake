# SPDX-License-Identifier: BSL-1.0
# cmake -D COMPILER=… -D FLAGS_FILE=… -D LIMIT=… -P count_lines.cmake: how much text an include of futures.hpp is.
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "#include <concurrent/futures.hpp>"
  COMMAND "${COMPILER}" "@${FLAGS_FILE}" -E -P -x c++ -
  COMMAND grep -c . OUTPUT_VARIABLE lines ERROR_VARIABLE errors RESULTS_VARIABLE results)
string(STRIP "${lines}" lines)
if(NOT results STREQUAL "0;0;0")
  message(FATAL_ERROR "preprocessing failed: ${errors}")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/at_most.cmake")
at_most("concurrent/futures.hpp" "${lines}" "preprocessed lines" "${LIMIT}"
  "an include of concurrent/futures.hpp has become too dear")
