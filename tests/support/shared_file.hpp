// SPDX-License-Identifier: BSL-1.0
// Memory of a test program that each of its processes can map, however that was started: a file without a name, which
// others open by way of the process that made it.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

namespace support {

/// Where one is, for a process that has not inherited it.
struct SharedFile {
  pid_t owner = 0;
  int descriptor = -1;  // the owner's

  /// Makes one of `size` zeros. Throws: std::system_error.
  static SharedFile make(const char* name, std::size_t size) {
    const SharedFile file{::getpid(), ::memfd_create(name, MFD_CLOEXEC)};
    if (file.descriptor < 0 || ::ftruncate(file.descriptor, static_cast<off_t>(size)) != 0)
      throw std::system_error(errno, std::generic_category(), "memory that the tests share");
    return file;
  }

  /// In the owner, or a fork of it.
  void* map(std::size_t size) const { return map(descriptor, size); }
  /// In any process of the same user, as long as the owner lives.
  void* map_from_outside(std::size_t size) const {
    const std::string path = "/proc/" + std::to_string(owner) + "/fd/" + std::to_string(descriptor);
    const int opened = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (opened < 0) throw std::system_error(errno, std::generic_category(), path);
    void* const memory = map(opened, size);
    ::close(opened);
    return memory;
  }

 private:
  static void* map(int opened, std::size_t size) {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mapping the tests' memory");
    return memory;
  }
};

}  // namespace support
