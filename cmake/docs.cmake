# SPDX-License-Identifier: BSL-1.0
# The target `docs`: the public names as HTML, from their comments. Whatever Doxygen warns of is an error, so a public
# name without a comment is one, too. The tests make the documents, and see that the check sees such a name.
find_package(Doxygen 1.9.2 QUIET)
find_program(CONCURRENT_FUTURES_AWK awk)
if(NOT DOXYGEN_FOUND OR NOT CONCURRENT_FUTURES_AWK)
  message(STATUS "the target docs is left out: Doxygen 1.9.2 or newer was not found (Debian: doxygen)")
  return()
endif()
set(DOXYGEN_PROJECT_NAME "concurrent::futures")
set(DOXYGEN_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/docs")
set(DOXYGEN_STRIP_FROM_PATH "${PROJECT_SOURCE_DIR}/include")
set(DOXYGEN_EXCLUDE_PATTERNS "*/detail/*")
set(DOXYGEN_EXCLUDE_SYMBOLS detail *::detail *::detail::* *::iterator *Pickler<* fmt::* std::*)
set(DOXYGEN_INPUT_FILTER "${CONCURRENT_FUTURES_AWK} -f ${PROJECT_SOURCE_DIR}/cmake/docs.awk")
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)  # the first sentence is what lists show
set(DOXYGEN_BUILTIN_STL_SUPPORT YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_QUIET YES)
doxygen_add_docs(docs "${PROJECT_SOURCE_DIR}/include/concurrent" COMMENT "Writing docs/html/index.html")

if(CONCURRENT_FUTURES_BUILD_TESTS)
  add_test(NAME docs COMMAND "${CMAKE_COMMAND}" --build "${PROJECT_BINARY_DIR}" --target docs)
  file(WRITE "${PROJECT_BINARY_DIR}/docs_wrong/wrong.hpp" "/// A type.\nstruct Known {\n  int forgotten();\n};\n")
  file(WRITE "${PROJECT_BINARY_DIR}/docs_wrong/Doxyfile" "@INCLUDE = \"${PROJECT_BINARY_DIR}/Doxyfile.docs\"
INPUT = \"${PROJECT_BINARY_DIR}/docs_wrong/wrong.hpp\"\nOUTPUT_DIRECTORY = \"${PROJECT_BINARY_DIR}/docs_wrong\"\n")
  add_test(NAME "docs: a name without a comment is noticed"
    COMMAND Doxygen::doxygen "${PROJECT_BINARY_DIR}/docs_wrong/Doxyfile")
  set_tests_properties(docs "docs: a name without a comment is noticed" PROPERTIES LABELS docs TIMEOUT 120)
  set_tests_properties("docs: a name without a comment is noticed" PROPERTIES
    PASS_REGULAR_EXPRESSION "(warning|error): Member forgotten.* is not documented")
endif()
