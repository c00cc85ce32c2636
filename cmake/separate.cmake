# SPDX-License-Identifier: BSL-1.0
# concurrent::futures_separate: the same library with separate compilation. What is no template is compiled once in the
# project that uses it, with that project's flags, however many of its targets link it and by whatever ways.
function(concurrent_futures_add_separate source)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(TARGET concurrent_futures_separate OR NOT "CXX" IN_LIST languages)
    return()
  endif()
  add_library(concurrent_futures_separate STATIC EXCLUDE_FROM_ALL "${source}")
  add_library(concurrent::futures_separate ALIAS concurrent_futures_separate)
  set_target_properties(concurrent_futures_separate PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
  target_compile_definitions(concurrent_futures_separate PUBLIC CONCURRENT_FUTURES_SEPARATE_COMPILATION)
  target_link_libraries(concurrent_futures_separate PUBLIC concurrent::futures)
endfunction()
