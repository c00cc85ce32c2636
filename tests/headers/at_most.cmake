# SPDX-License-Identifier: BSL-1.0
# at_most(<what> <value> <unit> <limit> <otherwise>): says both, and fails with `otherwise` when the value is greater.
function(at_most what value unit limit otherwise)
  message(STATUS "${what}: ${value} ${unit}, at most ${limit}")
  if(value GREATER limit)
    message(FATAL_ERROR "${otherwise}")
  endif()
endfunction()
