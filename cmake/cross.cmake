# SPDX-License-Identifier: BSL-1.0
# A toolchain file: Debian's cross compilers, with programs run by qemu's user mode. The preset says for which processor
# (CMAKE_SYSTEM_PROCESSOR: aarch64, riscv64). What the tests need besides a C++ library has headers alone, and those of
# this machine's packages serve: the cross compilers look into /usr/include, too.
set(CMAKE_SYSTEM_NAME Linux)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CMAKE_SYSTEM_PROCESSOR)
set(triple "${CMAKE_SYSTEM_PROCESSOR}-linux-gnu")
set(CMAKE_C_COMPILER "${triple}-gcc")
set(CMAKE_CXX_COMPILER "${triple}-g++")
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-${CMAKE_SYSTEM_PROCESSOR}")

# A program finds its loader and its libraries without the emulator's help, so that it can start others, and itself.
file(GLOB loader "/usr/${triple}/lib/ld-linux-*.so.*")
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "-Wl,--dynamic-linker=${loader} -Wl,-rpath,/usr/${triple}/lib -Wl,--disable-new-dtags")

set(CMAKE_FIND_ROOT_PATH "/usr/${triple}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
file(GLOB fmt_DIR "/usr/lib/*/cmake/fmt")
file(GLOB Boost_DIR "/usr/lib/*/cmake/Boost-*")
foreach(package IN ITEMS MPI GTest QCoro6 OpenSSL)  # with libraries for this machine's processor
  set(CMAKE_DISABLE_FIND_PACKAGE_${package} ON)
endforeach()
