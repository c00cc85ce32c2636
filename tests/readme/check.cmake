# SPDX-License-Identifier: BSL-1.0
# cmake -D PART=… -D README=… -D WORK=… -D COMPILER=… -D FLAGS_FILE=… -P check.cmake: see CMakeLists.txt.
file(READ "${README}" rest)
set(count 0)

function(build_and_run name source)
  file(WRITE "${WORK}/${name}.cpp" "${source}")
  execute_process(COMMAND "${COMPILER}" "@${FLAGS_FILE}" -UFMT_SHARED -DFMT_HEADER_ONLY "${WORK}/${name}.cpp" -pthread -o "${WORK}/${name}"
    RESULT_VARIABLE status ERROR_VARIABLE errors)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the README's code does not compile:\n${errors}\n${source}")
  endif()
  execute_process(COMMAND "${WORK}/${name}" RESULT_VARIABLE status OUTPUT_VARIABLE printed ERROR_VARIABLE errors TIMEOUT 60)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the README's program ended with ${status}:\n${printed}${errors}\n${source}")
  endif()
  set(printed "${printed}" PARENT_SCOPE)
endfunction()

# Cuts `rest` after the next `text`; sets `before` to what stood before it.
macro(cut_after text found)
  string(FIND "${rest}" "${text}" begin)
  if(begin EQUAL -1)
    set(${found} FALSE)
  else()
    set(${found} TRUE)
    string(SUBSTRING "${rest}" 0 ${begin} before)
    string(LENGTH "${text}" length)
    math(EXPR begin "${begin} + ${length}")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
  endif()
endmacro()

if(PART STREQUAL "programs")
  cut_after("```cpp\n" found)
  while(found)
    cut_after("```\n" closed)
    set(source "${before}")
    string(FIND "${rest}" "```text\n" begin)
    if(NOT begin EQUAL 0)
      message(FATAL_ERROR "the README does not say what this program prints:\n${source}")
    endif()
    cut_after("```text\n" opened)
    cut_after("```\n" closed)
    set(expected "${before}")
    math(EXPR count "${count} + 1")
    build_and_run(program_${count} "${source}")
    if(NOT printed STREQUAL expected)
      message(FATAL_ERROR "the README's program ${count} prints\n${printed}not\n${expected}")
    endif()
    cut_after("```cpp\n" found)
  endwhile()
else()
  set(source [[
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <ranges>
#include <string>
#include <vector>
namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;
int square(int n) { return n * n; }
int power(int base, int exponent) { return exponent == 0 ? 1 : base * power(base, exponent - 1); }
void init(int) {}
]])
  set(calls "")
  cut_after("| in Python | here | header |\n| --- | --- | --- |\n" found)
  while(found)  # each table
    while(rest MATCHES "^\\| [^\n]+ \\| `([^\n]+)` \\| \\[[a-z_/]+\\]\\(([a-z_/.]+)\\) \\|\n")
      set(row "${CMAKE_MATCH_1}")
      get_filename_component(root "${README}" DIRECTORY)
      if(NOT EXISTS "${root}/${CMAKE_MATCH_2}")
        message(FATAL_ERROR "the README's table leads to ${CMAKE_MATCH_2}, which is not there")
      endif()
      cut_after("\n" found)
      math(EXPR count "${count} + 1")
      string(APPEND source "void row_${count}([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
    cf::ProcessPoolExecutor pool(2);
    std::vector<int> numbers{1, 2, 3};
    int sum = 0;
    cf::Future<int> future = pool.submit(square, 3);
    std::vector<cf::Future<int>> fs{future, pool.submit(square, 4)};
    [&] {
      ${row}
    }();
  }
  ")
      string(APPEND calls "  row_${count}(argc, argv);\n")
    endwhile()
    if(rest MATCHES "^(\\|[^\n]*)")
      message(FATAL_ERROR "this row of the README's table has not the form of the others:\n${CMAKE_MATCH_1}")
    endif()
    cut_after("| in Python | here | header |\n| --- | --- | --- |\n" found)
  endwhile()
  string(APPEND source "int main(int argc, char** argv) {\n  mp::freeze_support(argc, argv);\n${calls}}\n")
  build_and_run(table "${source}")
endif()
if(count LESS 2)
  message(FATAL_ERROR "the check found ${count} pieces of code in the README: it looks in the wrong place")
endif()
