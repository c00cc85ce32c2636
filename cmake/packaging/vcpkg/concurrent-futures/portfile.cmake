# SPDX-License-Identifier: BSL-1.0
# An overlay port, of the tree that it stands in:
#   vcpkg install concurrent-futures --overlay-ports=cmake/packaging/vcpkg
set(VCPKG_BUILD_TYPE release) # headers only
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS
  -DCONCURRENT_FUTURES_BUILD_TESTS=OFF -DCONCURRENT_FUTURES_BUILD_EXAMPLES=OFF -DCONCURRENT_FUTURES_BUILD_BENCH=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME concurrent_futures CONFIG_PATH lib/cmake/concurrent_futures)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib/cmake")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
