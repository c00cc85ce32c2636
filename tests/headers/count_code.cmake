# SPDX-License-Identifier: BSL-1.0
# cmake -D COMPILER=… -D FLAGS_FILE=… -D LIMIT=… -P count_code.cmake: how many bytes of code a program that submits one
# lambda is, unoptimised: what half of its compile time goes into, in a measure that no neighbour changes.
set(work "${CMAKE_CURRENT_BINARY_DIR}/count_code")
file(WRITE "${work}/hello.cpp" "#include <concurrent/futures.hpp>
int main() {
  concurrent::futures::ProcessPoolExecutor pool(2);
  return pool.submit([] { return 0; }).result();
}
")
execute_process(COMMAND "${COMPILER}" "@${FLAGS_FILE}" -O0 -c "${work}/hello.cpp" -o "${work}/hello.o"
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND size "${work}/hello.o" OUTPUT_VARIABLE sizes COMMAND_ERROR_IS_FATAL ANY)
if(NOT sizes MATCHES "\n *([0-9]+)")
  message(FATAL_ERROR "size says: ${sizes}")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/at_most.cmake")
at_most("a program that submits one lambda" "${CMAKE_MATCH_1}" "bytes of code" "${LIMIT}"
  "concurrent/futures.hpp has become too much code")
