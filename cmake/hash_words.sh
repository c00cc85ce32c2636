#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# The main job on a fresh Debian 12: installs what is missing, builds, and hashes a dictionary with two and more cores.
# Arguments go to the program: cmake/hash_words.sh [file] [--workers N] [--chunksize N | auto]... [--rounds N]
set -euo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$tree/cmake/packages.sh"
install_packages g++ cmake ninja-build libboost1.81-dev libfmt-dev libssl-dev wamerican-insane

build=${BUILD_DIR:-$tree/build/hash_words}
mkdir -p "$(dirname "$build")"
cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCONCURRENT_FUTURES_BUILD_TESTS=OFF -DCONCURRENT_FUTURES_BUILD_BENCH=OFF >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" --target hash_words
exec "$build/examples/hash_words" "$@"
