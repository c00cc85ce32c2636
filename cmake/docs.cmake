# SPDX-License-Identifier: BSL-1.0
# The target `docs`: the public names as HTML, from their comments. Whatever Doxygen warns of is an error, so a public
# name without a comment is one, too. The tests make the documents, see that the check sees such a name, and that every
# public name is there: what stands in a namespace without a comment, or is left out by pattern, has no warning.
find_package(Doxygen 1.9.2 QUIET)
find_program(CONCURRENT_FUTURES_AWK awk)
if(NOT DOXYGEN_FOUND OR NOT CONCURRENT_FUTURES_AWK)
  message(STATUS "the target docs is left out: Doxygen 1.9.2 or newer was not found (Debian: doxygen)")
  return()
endif()
set(DOXYGEN_PROJECT_NAME "concurrent::futures")
set(DOXYGEN_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/docs")
set(DOXYGEN_STRIP_FROM_PATH "${PROJECT_SOURCE_DIR}/include")
set(DOXYGEN_STRIP_FROM_INC_PATH "${PROJECT_SOURCE_DIR}/include")  # the line to include can be pasted
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE "${PROJECT_SOURCE_DIR}/README.md")
set(DOXYGEN_IMAGE_PATH "${PROJECT_SOURCE_DIR}/examples")
set(DOXYGEN_HTML_EXTRA_STYLESHEET "${PROJECT_SOURCE_DIR}/cmake/docs.css")
set(DOXYGEN_EXCLUDE_PATTERNS "*/detail/*" "*/concurrent/os/*" "*/ARCHITECTURE.md")  # for those who change the library
set(DOXYGEN_EXCLUDE_SYMBOLS detail *::detail *::detail::* fmt::* std::*)
set(DOXYGEN_INPUT_FILTER "${CONCURRENT_FUTURES_AWK} -v include=${PROJECT_SOURCE_DIR}/include \
-f ${PROJECT_SOURCE_DIR}/cmake/docs_page.awk -f ${PROJECT_SOURCE_DIR}/cmake/docs.awk")
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)  # the first sentence is what lists show
set(DOXYGEN_BUILTIN_STL_SUPPORT YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
set(DOXYGEN_GENERATE_TAGFILE "${PROJECT_BINARY_DIR}/docs/tags.xml")
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_QUIET YES)
doxygen_add_docs(docs "${PROJECT_SOURCE_DIR}/include/concurrent" "${PROJECT_SOURCE_DIR}/README.md"
  "${PROJECT_SOURCE_DIR}/examples/README.md" COMMENT "Writing docs/html/index.html")

if(CONCURRENT_FUTURES_BUILD_TESTS)
  add_test(NAME docs COMMAND "${CMAKE_COMMAND}" --build "${PROJECT_BINARY_DIR}" --target docs)
  file(WRITE "${PROJECT_BINARY_DIR}/docs_wrong/wrong.hpp" "/// A type.\nstruct Known {\n  int forgotten();\n};\n")
  file(WRITE "${PROJECT_BINARY_DIR}/docs_wrong/Doxyfile" "@INCLUDE = \"${PROJECT_BINARY_DIR}/Doxyfile.docs\"
INPUT = \"${PROJECT_BINARY_DIR}/docs_wrong/wrong.hpp\"\nOUTPUT_DIRECTORY = \"${PROJECT_BINARY_DIR}/docs_wrong\"\nGENERATE_TAGFILE =\n")
  add_test(NAME "docs: a name without a comment is noticed"
    COMMAND "$<TARGET_FILE:Doxygen::doxygen>" "${PROJECT_BINARY_DIR}/docs_wrong/Doxyfile")  # by no emulator
  set(public_headers "${headers}")
  list(FILTER public_headers EXCLUDE REGEX "/(detail|os)/")
  set(look_for_names "${CONCURRENT_FUTURES_AWK}" -f "${PROJECT_SOURCE_DIR}/cmake/docs_names.awk")
  add_test(NAME "docs: no public name is missing"
    COMMAND ${look_for_names} "${PROJECT_BINARY_DIR}/docs/tags.xml" ${public_headers})
  file(WRITE "${PROJECT_BINARY_DIR}/docs_wrong/tags.xml" "<tagfile/>\n")
  add_test(NAME "docs: a missing name is noticed"
    COMMAND ${look_for_names} "${PROJECT_BINARY_DIR}/docs_wrong/tags.xml" ${public_headers})
  set_tests_properties(docs "docs: a name without a comment is noticed" "docs: no public name is missing"
    "docs: a missing name is noticed" PROPERTIES LABELS docs TIMEOUT 120)
  set_tests_properties(docs PROPERTIES FIXTURES_SETUP docs)
  find_program(CONCURRENT_FUTURES_BROWSER NAMES chromium chromium-browser DOC "Chromium, for the test of the documents")
  if(CONCURRENT_FUTURES_BROWSER)
    add_test(NAME "docs: three pages show in a browser what must be there"
      COMMAND "${PROJECT_SOURCE_DIR}/cmake/docs_pages.sh" "${CONCURRENT_FUTURES_BROWSER}" "${PROJECT_BINARY_DIR}/docs/html")
    set_tests_properties("docs: three pages show in a browser what must be there" PROPERTIES
      LABELS docs TIMEOUT 300 FIXTURES_REQUIRED docs)
  endif()
  set_tests_properties("docs: no public name is missing" PROPERTIES FIXTURES_REQUIRED docs)
  set_tests_properties("docs: a missing name is noticed" PROPERTIES
    PASS_REGULAR_EXPRESSION "map.hpp:[0-9]+: iterator is not in the documents")
  set_tests_properties("docs: a name without a comment is noticed" PROPERTIES
    PASS_REGULAR_EXPRESSION "(warning|error): Member forgotten.* is not documented")
endif()
