# SPDX-License-Identifier: BSL-1.0
# cmake -D COMPILER=… -D FLAGS_FILE=… -D OTHERS=… -D OWN=… -P count_lines.cmake: how much text an include of
# futures.hpp is to a program, of other people's headers (an include that became too dear shows here) and of its own.
# The places where tests make faults are no program's.
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "#include <concurrent/futures.hpp>"
  COMMAND "${COMPILER}" "@${FLAGS_FILE}" -UCONCURRENT_FUTURES_TEST_FAULTS -E -x c++ -
  COMMAND awk "/^# [0-9]+ / { own = $3 ~ /concurrent\\// ; next } NF != 0 { ++lines[own] } END { print lines[0] \";\" lines[1] }"
  OUTPUT_VARIABLE lines ERROR_VARIABLE errors RESULTS_VARIABLE results)
string(STRIP "${lines}" lines)
list(LENGTH lines parts)
if(NOT results STREQUAL "0;0;0" OR NOT parts EQUAL 2)
  message(FATAL_ERROR "preprocessing failed: ${errors}")
endif()
list(GET lines 0 others)
list(GET lines 1 own)
include("${CMAKE_CURRENT_LIST_DIR}/at_most.cmake")
at_most("concurrent/futures.hpp" "${others}" "preprocessed lines of other headers" "${OTHERS}"
  "an include of concurrent/futures.hpp has become too dear")
at_most("concurrent/futures.hpp" "${own}" "preprocessed lines of its own" "${OWN}"
  "the library's own text has become too long for every program to read")
