#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Every test on a fresh Debian 12: installs what is missing, then builds and runs the suite with GCC, with
# AddressSanitizer and UndefinedBehaviorSanitizer, and with ThreadSanitizer (both by Clang 19, which takes half of GCC's
# time). The first is built with separate compilation, the second from the single header with separate compilation, the
# third as users begin, so that the suite tests what those change. The sanitised ones leave out what runs under spawn,
# where the caller does what it does under forkserver, and the sweeps under break_pool. `cmake/test.sh dev` (or any other
# presets: clang, release, single_header, separate …) runs those only. Ends with one summary of all.
set -uo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$tree" || exit 1
. cmake/packages.sh
install_packages g++ cmake ninja-build libboost1.81-dev libfmt-dev catch2 libeigen3-dev nlohmann-json3-dev libgtest-dev libssl-dev pkg-config python3 doxygen || exit 1
install_packages libopenmpi-dev openmpi-bin libasio-dev clang-format-19 clang-tidy-19 || echo "the tests that need these are left out"
install_packages libmpich-dev mpich || echo "MPI is tested with one MPI only"
install_packages ccache || echo "a second run builds everything anew"

# llvm-19 has the symbolizer: without names, what tests/support/thread_sanitizer.cpp says is no race is reported as one.
presets=("$@")
[ ${#presets[@]} -ne 0 ] || presets=(dev asan tsan)
case " ${presets[*]} " in
  *" asan "* | *" tsan "* | *" clang "* | *" fuzz "*) install_packages clang-19 libclang-rt-19-dev llvm-19 libc++-19-dev libc++abi-19-dev || exit 1 ;;
esac
declare -A options=(
  [dev]="-DCMAKE_CXX_FLAGS_DEBUG=-g1 -DCONCURRENT_FUTURES_OWN_SEPARATE=ON -DCONCURRENT_FUTURES_TESTS_TOGETHER=ON"
  [asan]="-DCMAKE_CXX_COMPILER=clang++-19 -DCONCURRENT_FUTURES_OWN_SINGLE_HEADER=ON -DCONCURRENT_FUTURES_OWN_SEPARATE=ON -DCONCURRENT_FUTURES_TESTS_TOGETHER=ON"
  [tsan]="-DCMAKE_CXX_COMPILER=clang++-19 -DCONCURRENT_FUTURES_TESTS_TOGETHER=ON"
)

# A second run builds only what has changed, also from another clone.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
fi

total=0 failed=0 summary="" names=""
run_preset() {
  local preset=$1 log="build/$1.log" started=$SECONDS with=${options[$1]-}
  mkdir -p build
  echo "== $preset: configure and build $with"
  # shellcheck disable=SC2086  # words
  if ! { cmake --preset "$preset" $with && cmake --build --preset "$preset" -j "$(nproc)"; } >"$log" 2>&1; then
    grep -E "FAILED|error|Error" "$log" | head -n 20; tail -n 20 "$log"
    total=$((total + 1)) failed=$((failed + 1)) names+="  $preset: does not build (build/$preset.log)"$'\n'
    return
  fi
  echo "== $preset: built in $((SECONDS - started)) s; testing"
  started=$SECONDS
  ctest --preset "$preset" -j "$(nproc)" --no-label-summary 2>&1 | tee "$log.tests" | grep -vE "^ *(Start|[0-9]+/[0-9]+ Test)|\.\.\. +Passed" | tail -n 200
  local line
  line=$(grep -E "tests passed, .* tests failed out of" "$log.tests" | tail -n 1)
  if [[ $line =~ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
    failed=$((failed + BASH_REMATCH[1])) total=$((total + BASH_REMATCH[2]))
    names+=$(sed -n '/^The following tests FAILED:/,/^Errors while/p' "$log.tests" | grep -E "^[[:space:]]+[0-9]+ - " | sed "s/^/  $preset:/")$'\n'
  else
    total=$((total + 1)) failed=$((failed + 1)) names+="  $preset: no tests ran (build/$preset.log.tests)"$'\n'
  fi
  summary+="  $preset: $line ($((SECONDS - started)) s)"$'\n'
}
for preset in "${presets[@]}"; do run_preset "$preset"; done
case " ${presets[*]} " in *" dev "*) timeout 300 cmake/burst_ratio.sh || echo "burst: not measured" ;; esac

printf '\n%s' "$summary"
names=$(printf '%s' "$names" | grep . || true)
[ -z "$names" ] || printf '\nThe following tests FAILED:\n%s\n' "$names"
if [ "$total" -eq 0 ]; then echo "no tests ran"; exit 1; fi
printf '\n%d%% tests passed, %d tests failed out of %d\n' $((100 * (total - failed) / total)) "$failed" "$total"
[ "$failed" -eq 0 ]
