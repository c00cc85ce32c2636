#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# burst_ratio.sh [commit]: what a task of a burst costs in this tree beside `commit` (by default the one before the last),
# both built alike and run in turns. A figure to look at, no test: a busy machine moves it by some per cent.
set -uo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
before=${1:-HEAD~1}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/before"
if ! git -C "$tree" archive "$before" include 2>/dev/null | tar -x -C "$work/before" 2>/dev/null; then
  echo "burst: there is no $before here to compare with"
  exit 0
fi
build() { c++ -std=c++20 -O2 -DFMT_HEADER_ONLY -I"$1/include" "$tree/bench/ratio/burst.cpp" -pthread -o "$2"; }
build "$work/before" "$work/old" && build "$tree" "$work/new" || exit 1
for _ in 1 2 3 4 5; do
  for which in old new; do timeout 60 "$work/$which" >>"$work/$which.txt" || exit 1; done
done
best() { sort -g "$1" | head -n 1; }
old=$(best "$work/old.txt") new=$(best "$work/new.txt")
echo "burst: $new us a task, $old at $before: $(awk -v n="$new" -v o="$old" 'BEGIN { printf "%.2f", n / o }') of it"
