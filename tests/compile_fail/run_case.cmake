# SPDX-License-Identifier: BSL-1.0
# cmake -D COMPILER=… -D FLAGS_FILE=… -D PRECOMPILED=… -D CASE=….cpp -D CONTROL=… -P run_case.cmake: see CMakeLists.txt.
file(READ "${CASE}" source)
set(precompiled "")
foreach(header IN ITEMS pickle multiprocessing futures)  # each has those before it
  if(source MATCHES "#include <concurrent/${header}.hpp>")
    set(precompiled -include "${PRECOMPILED}/${header}.hpp" -Winvalid-pch)
  endif()
endforeach()
set(command "${COMPILER}" "@${FLAGS_FILE}" -fsyntax-only -Wno-unused ${precompiled} "${CASE}")

set(expected "")
string(REGEX MATCHALL "// expect: [^\n]+" lines "${source}")
foreach(line IN LISTS lines)
  string(REPLACE "// expect: " "" text "${line}")
  list(APPEND expected "${text}")
endforeach()
if(NOT expected)
  message(FATAL_ERROR "${CASE} says nowhere what it expects: // expect: <literal text>")
endif()

if(CONTROL)
  execute_process(COMMAND ${command} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the control, with nothing wrong in it, does not compile:\n${output}")
  endif()
endif()

execute_process(COMMAND ${command} -DCASE RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "the mistake compiles")
endif()
string(REGEX REPLACE " ([*&])" "\\1" output "${output}")  # Clang's spelling of pointers and references
string(REGEX REPLACE " ([*&])" "\\1" expected "${expected}")
foreach(text IN LISTS expected)
  string(FIND "${output}" "${text}" where)
  if(where EQUAL -1)
    message(FATAL_ERROR "the compiler does not say \"${text}\" but:\n${output}")
  endif()
endforeach()
string(REGEX MATCH "error: [^\n]*" first_error "${output}")
list(GET expected 0 text)
string(FIND "${first_error}" "${text}" where)
if(where EQUAL -1)
  message(FATAL_ERROR "the first error is not \"${text}\" but:\n${first_error}\n\n${output}")
endif()

# What comes after the first error only repeats it. One line more may.
string(REPLACE ";" "," without_semicolons "${output}")  # which would end an item of the list
string(REGEX MATCHALL "error: [^\n]*" errors "${without_semicolons}")
list(LENGTH errors count)
if(count GREATER 2)
  message(FATAL_ERROR "${count} errors, where one says all:\n${output}")
endif()
