# SPDX-License-Identifier: BSL-1.0
# conan create cmake/packaging/conan
import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy
from conan.tools.layout import basic_layout


class ConcurrentFutures(ConanFile):
    name = "concurrent_futures"
    version = "0.1.0"
    license = "BSL-1.0"
    description = "Python's concurrent.futures for C++20: process pools fed through shared memory"
    topics = ("process-pool", "futures", "shared-memory", "header-only")
    package_type = "header-library"
    settings = "os", "compiler", "build_type", "arch"
    no_copy_source = True

    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def export_sources(self):
        for pattern in ("LICENSE", "include/*"):
            copy(self, pattern, self._tree, self.export_sources_folder)

    def requirements(self):
        self.requires("boost/[>=1.75]", transitive_headers=True)
        self.requires("fmt/[>=8]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        basic_layout(self)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.system_libs = ["pthread", "dl"]
        self.cpp_info.requires = ["boost::headers", "fmt::fmt"]
        self.cpp_info.set_property("cmake_file_name", "concurrent_futures")
        self.cpp_info.set_property("cmake_target_name", "concurrent::futures")
