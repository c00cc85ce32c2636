# SPDX-License-Identifier: BSL-1.0
# cmake -D PROGRAM=… -D ARGUMENTS=… -D "EXPECT=status:regex" -P run_hash_words.cmake
execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
string(REGEX MATCH "^[0-9]+" expected_status "${EXPECT}")
string(REGEX REPLACE "^[0-9]+:" "" expected "${EXPECT}")
if(NOT status EQUAL expected_status OR NOT "${output}${errors}" MATCHES "${expected}")
  message(FATAL_ERROR "status ${status}, standard output:\n${output}\nstandard error:\n${errors}")
endif()
if(status EQUAL 2 AND NOT errors MATCHES "^[^\n]+\n$")
  message(FATAL_ERROR "a person's error gets one line, not:\n${errors}")
endif()
