// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/shared_name.hpp>
#include <concurrent/os/memory_file.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A memory file that is read and written and never mapped: for bytes of any length, of which only those that are there
/// take memory.
class PayloadFile {
 public:
  /// Throws: std::system_error.
  static PayloadFile create(std::uint64_t size) {
    rlimit limit{};
    const std::uint64_t all = SharedTrailer::end(size);
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && all > limit.rlim_cur)
      throw_errno(EFBIG, "ftruncate of shared memory");
    Descriptor file = make_memfd(shared_memory_file);
    while (::ftruncate(file.get(), static_cast<off_t>(all)) != 0) {
      if (errno != EINTR) throw_errno(errno, "ftruncate of shared memory");
    }
    SharedName name;
    name.id = draw_shared_id();
    name.size = size;
    SharedTrailer trailer;
    trailer.size = size;
    trailer.id = name.id;
    if (::pwrite(file.get(), &trailer, sizeof trailer, static_cast<off_t>(SharedTrailer::offset(size))) !=
        static_cast<ssize_t>(sizeof trailer))
      throw_errno(errno, "write of shared memory");
    if (!os::seal_size(file.get())) throw_errno(errno, "sealing of shared memory");
    return PayloadFile(std::move(file), name);
  }
  /// Throws: as open_shared_memory.
  static PayloadFile open(const SharedName& name) { return PayloadFile(open_shared_memory(name), name); }

  SharedName name() const noexcept {
    SharedName name = name_;
    name.pid = ::getpid();
    name.descriptor = file_.get();
    return name;
  }
  std::uint64_t size() const noexcept { return name_.size; }

  /// Throws: std::system_error when there is no memory.
  void write(std::span<const std::byte> bytes, std::uint64_t at) const {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (written < 0 && errno != EINTR) throw_errno(errno, "write of shared memory");
      if (written <= 0) continue;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      at += static_cast<std::uint64_t>(written);
    }
  }
  void read(std::span<std::byte> bytes, std::uint64_t at) const {
    while (!bytes.empty()) {
      const ssize_t got = ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (got == 0 || (got < 0 && errno != EINTR)) throw_errno(got == 0 ? EIO : errno, "read of shared memory");
      if (got < 0) continue;
      bytes = bytes.subspan(static_cast<std::size_t>(got));
      at += static_cast<std::uint64_t>(got);
    }
  }
  /// Gives memory back; those bytes are zeros then.
  void forget(std::uint64_t at, std::uint64_t length) const noexcept {
    const int saved = errno;
    os::forget_part(file_.get(), at, length);
    errno = saved;
  }

 private:
  PayloadFile(Descriptor file, const SharedName& name) noexcept : file_(std::move(file)), name_(name) {}

  Descriptor file_;
  SharedName name_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
