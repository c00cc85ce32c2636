# SPDX-License-Identifier: BSL-1.0
# cmake -D COMPILER=… -D FLAGS_FILE=… -D FLAGS=…;… -D TEXT=… -D DIR=… -D HEADERS=…;… -P first_error.cmake: what the
# compiler says first of each header with these flags, and that it says hardly more.
foreach(header IN LISTS HEADERS)
  set(source "${DIR}/first_error.cpp")
  file(WRITE "${source}" "#include <${header}>\n")
  execute_process(COMMAND "${COMPILER}" "@${FLAGS_FILE}" ${FLAGS} -fsyntax-only "${source}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result EQUAL 0)
    message(FATAL_ERROR "<${header}> compiles with ${FLAGS}")
  endif()
  string(REGEX MATCHALL "error: [^\n]*" errors "${output}")
  list(GET errors 0 first)
  string(FIND "${first}" "concurrent::futures: ${TEXT}" where)
  if(where EQUAL -1)
    message(FATAL_ERROR "the first error of <${header}> with ${FLAGS} is not \"${TEXT}\" but:\n${output}")
  endif()
  list(LENGTH errors count)
  if(count GREATER 2)
    message(FATAL_ERROR "<${header}> with ${FLAGS}: ${count} errors\n${output}")
  endif()
endforeach()
