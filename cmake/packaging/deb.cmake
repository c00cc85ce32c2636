# SPDX-License-Identifier: BSL-1.0
# `cpack --config build/dev/CPackConfig.cmake` makes a Debian package; `apt install ./….deb` brings what it needs.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libconcurrent-futures-dev)
set(CPACK_PACKAGE_CONTACT "The concurrent::futures authors <concurrent-futures@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libboost1.81-dev | libboost-dev (>= 1.75), libfmt-dev (>= 8)")
include(CPack)
