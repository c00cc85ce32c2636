# SPDX-License-Identifier: BSL-1.0
# cmake -D COMPILER=… -D FLAGS_FILE=… -D LIMIT_MS=… [-D DEFINITION=…] -P time_compile.cmake: how long a program that
# submits one lambda compiles. Machines differ and have neighbours, so it is processor time, the best of several, and a
# slow machine is judged by a yardstick: a program of the standard library alone, whose time where the limit was set is
# known. How much slower a machine is at reading headers says little of how much slower it is at writing code (one tree
# took less than 4.7 times as long as a program that mostly reads on one processor, and 5.0 times on another), so the
# yardstick does as much of each as what it judges: with separate compilation three quarters of the time go into reading,
# otherwise one half.
if(DEFINITION)
  set(yardstick_ms 750)
  set(program "int main() {
  std::map<std::string, std::vector<std::string>> words;
  std::unordered_map<std::string, std::function<int()>> calls;
  words[\"a\"].push_back(\"b\");
  calls[\"a\"] = [] { return 0; };
  std::thread thread([&] { std::sort(words[\"a\"].begin(), words[\"a\"].end()); });
  thread.join();
  return calls[\"a\"]();
}
")
else()
  set(yardstick_ms 1025)
  set(program "template <int N>
struct Part {
  int number = N;
  std::string name;
  bool operator<(const Part& other) const { return number < other.number; }
};
template <int N>
int use() {
  std::map<std::string, std::vector<Part<N>>> words;
  std::unordered_map<std::string, std::function<int()>> calls;
  words[\"a\"].push_back({N, \"b\"});
  calls[\"a\"] = [&] { return static_cast<int>(words.size()); };
  std::thread thread([&] { std::sort(words[\"a\"].begin(), words[\"a\"].end()); });
  thread.join();
  return calls[\"a\"]();
}
int main() { return use<1>() + use<2>() + use<3>() + use<4>() + use<5>(); }
")
endif()
set(work "${CMAKE_CURRENT_BINARY_DIR}/time_compile${DEFINITION}")
set(flags "@${FLAGS_FILE}")
if(DEFINITION)
  list(APPEND flags "-D${DEFINITION}")
endif()
file(WRITE "${work}/hello.cpp" "#include <concurrent/futures.hpp>
int main() {
  concurrent::futures::ProcessPoolExecutor pool(2);
  return pool.submit([] { return 0; }).result();
}
")
file(WRITE "${work}/yardstick.cpp" "#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>
${program}")

# Keeps in `result` the least of what was measured so far.
set(hello 1000000)
set(yardstick 1000000)
function(measure name result)
  execute_process(COMMAND bash -c "TIMEFORMAT=%3U; time \"$@\"" -- "${COMPILER}" ${flags} -O0
      -c "${work}/${name}.cpp" -o "${work}/${name}.o"
    ERROR_VARIABLE seconds COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[^0-9]" "" milliseconds "${seconds}")
  math(EXPR milliseconds "${milliseconds}")
  if(milliseconds LESS ${result})
    set(${result} ${milliseconds} PARENT_SCOPE)
  endif()
endfunction()

# In turn, for a machine's speed changes from one second to the next; and on for a while where it is too slow, since
# neighbours can only add to a time.
foreach(i RANGE 1 15)
  measure(hello hello)
  measure(yardstick yardstick)
  math(EXPR limit "${LIMIT_MS} * ${yardstick} / ${yardstick_ms}")
  if(limit LESS LIMIT_MS)
    set(limit ${LIMIT_MS})
  endif()
  if(i GREATER 5 AND NOT hello GREATER limit)
    break()
  endif()
endforeach()
message(STATUS "one submitted lambda compiles in ${hello} ms, at most ${limit} ms (the yardstick: ${yardstick} ms)")
if(hello GREATER limit)
  message(FATAL_ERROR "compiling against concurrent/futures.hpp has become too dear")
endif()
