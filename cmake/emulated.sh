#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# The suite on a processor that this machine is not: built by Debian's cross compiler, run by qemu's user mode.
#
#   cmake/emulated.sh [aarch64 | riscv64] [arguments for ctest …]
#
# tests/emulated_skips.txt lists what is left out, and why. PAGE=65536 (or 16384) runs the programs as on a kernel with
# pages of that size; TARGETS="test_futures examples/all" builds those only, and then `-L futures` or `-L examples` runs
# what was built. The kernel has to know that such programs are run by qemu, since tests start programs: Debian's
# qemu-user-binfmt tells it; without that, root is needed once.
set -uo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$tree" || exit 1
. cmake/packages.sh
processor=${1:-aarch64}
shift || true
case $processor in
  aarch64) machine='\xb7' ;;
  riscv64) machine='\xf3' ;;
  *) echo "which processor? aarch64 or riscv64, not $processor" >&2; exit 2 ;;
esac
install_packages "g++-$processor-linux-gnu" qemu-user cmake ninja-build libboost1.81-dev libfmt-dev catch2 libeigen3-dev nlohmann-json3-dev || exit 1
install_packages ccache || echo "a second run builds everything anew"
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
fi

handlers=/proc/sys/fs/binfmt_misc
if [ ! -e "$handlers/qemu-$processor" ]; then
  [ -e $handlers/register ] || mount -t binfmt_misc binfmt_misc $handlers
  printf '%s' ":qemu-$processor:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00$machine\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:$(command -v "qemu-$processor"):PF" \
    >$handlers/register || { echo "the kernel has to learn of qemu-$processor: apt-get install qemu-user-binfmt" >&2; exit 2; }
fi

# qemu notes each page of a mapping, also of what is reserved and no more: with less address space, pools reserve less.
ulimit -v 16000000
export QEMU_PAGESIZE=${PAGE-}
[ -n "$QEMU_PAGESIZE" ] || unset QEMU_PAGESIZE
skips=$(sed -e '/^#/d' -e '/^$/d' tests/emulated_skips.txt | paste -sd '|')
cmake --preset "$processor" >/dev/null || exit 1
# shellcheck disable=SC2086  # a list of words
cmake --build --preset "$processor" ${TARGETS:+--target} ${TARGETS-} || exit 1
ctest --preset "$processor" -E "$skips" -LE '^long$' --no-label-summary "$@"
