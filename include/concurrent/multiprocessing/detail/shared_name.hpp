// SPDX-License-Identifier: BSL-1.0
// How one process finds the shared memory of another: a memory file has no name, but whoever has it open can be named.
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/os/process.hpp>
#include <concurrent/os/random.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <array>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Drawn when the memory is made, the same in every process. All zeros: no memory.
using SharedId = std::array<std::uint64_t, 2>;

inline SharedId draw_shared_id() {
  SharedId id{};
  while (id == SharedId{}) {
    if (!os::draw_random(id.data(), sizeof id, true) && errno != EINTR) throw_errno(errno, "getrandom");
  }
  return id;
}

/// What is shared on this machine would be sent to another one.
struct NotForOtherMachines : pickle::PicklingError {
  using PicklingError::PicklingError;
};

/// Throws that where it is so.
inline void refuse_other_machines(const pickle::Writer& writer) {
  if (writer.audience() != pickle::Audience::other_machines) return;
  throw NotForOtherMachines(
      "concurrent::multiprocessing: shared state stays on its machine, and this task may run on another one. Pass a "
      "value instead, and return what the task has found.");
}

/// What travels in place of the memory.
struct SharedName {
  SharedId id{};
  std::uint64_t size = 0;  // bytes that the user asked for
  std::int32_t pid = 0;    // a process that has it open
  std::int32_t descriptor = -1;

  void dump(pickle::Writer& writer) const {
    refuse_other_machines(writer);
    writer.put(*this);
  }
  static SharedName load(pickle::Reader& reader) {
    SharedName name;
    for (std::uint64_t& word : name.id) word = reader.get_once<std::uint64_t>();
    name.size = reader.get_once<std::uint64_t>();
    name.pid = reader.get_once<std::int32_t>();
    name.descriptor = reader.get_once<std::int32_t>();
    return name;
  }
};
static_assert(sizeof(SharedName) == 32 && std::is_trivially_copyable_v<SharedName>);

/// Stands behind the user's bytes, so that these begin a page. Tells a memory file of ours, and which one it is.
struct SharedTrailer {
  static constexpr std::uint64_t expected_magic = 0x31'6d'65'6d'2d'66'63'63;  // "ccf-mem1"
  static constexpr std::uint64_t most = PTRDIFF_MAX / 2;

  std::uint64_t magic = expected_magic;
  std::uint64_t size = 0;
  SharedId id{};

  static std::uint64_t offset(std::uint64_t size) noexcept { return (size + 63) / 64 * 64; }
  static std::uint64_t end(std::uint64_t size) noexcept { return offset(size) + sizeof(SharedTrailer); }
};
static_assert(sizeof(SharedTrailer) == 32 && std::is_trivially_copyable_v<SharedTrailer>);

inline constexpr const char* shared_memory_file = "concurrent_futures_shared";

[[noreturn]] inline void refuse_shared(const SharedName& name, const std::string& why) {
  throw pickle::UnpicklingError("concurrent::multiprocessing: shared memory of " + std::to_string(name.size) +
                                " bytes cannot be reached: process " + std::to_string(name.pid) + ", which sent it, " +
                                why);
}

/// Whether the descriptor is the memory of that name, which nobody can cut short any more: what stands at its end tells
/// that all of it is there.
inline bool is_shared_memory(int descriptor, const SharedName& name) noexcept {
  if (!os::cannot_shrink(descriptor)) return false;  // also what is no memory file
  SharedTrailer trailer;
  return name.size <= SharedTrailer::most &&
         ::pread(descriptor, &trailer, sizeof trailer, static_cast<off_t>(SharedTrailer::offset(name.size))) ==
             static_cast<ssize_t>(sizeof trailer) &&
         trailer.magic == SharedTrailer::expected_magic && trailer.size == name.size && trailer.id == name.id;
}

/// A descriptor of another process. Not valid, and errno set, where it may not be had.
inline Descriptor copy_descriptor(pid_t pid, int descriptor) noexcept {
  const Descriptor process = open_pidfd(pid);
  if (!process.valid()) return Descriptor();
  return Descriptor(os::copy_descriptor(process.get(), descriptor));
}

/// Opens the memory of that name by way of the process that sent it.
/// Throws UnpicklingError when that has it no more or may not be asked, std::system_error when this one has no room.
inline Descriptor open_shared_memory(const SharedName& name) {
  if (name.pid <= 0 || name.descriptor < 0) refuse_shared(name, "is none. These bytes are damaged.");
  // A quarter of the time that the other way takes, which however needs fewer rights.
  Descriptor opened = copy_descriptor(name.pid, name.descriptor);
  if (opened.valid() && is_shared_memory(opened.get(), name)) return opened;
  int error = opened.valid() ? 0 : errno;
  opened = Descriptor();
  opened = Descriptor(os::open_memory_file_of(name.pid, name.descriptor, shared_memory_file, error));
  if (opened.valid() && is_shared_memory(opened.get(), name)) return opened;
  if (!opened.valid() && (error == EMFILE || error == ENFILE || error == ENOMEM))
    throw_errno(error, "open of shared memory");
  if (!opened.valid() && (error == EACCES || error == EPERM)) {
    refuse_shared(name, "may not be looked into by process " + std::to_string(::getpid()) +
                            ". Run both as one user, and leave the sender dumpable (prctl PR_SET_DUMPABLE).");
  }
  refuse_shared(name,
                "has ended, has let go of it, or runs on another machine. Keep the object where it was made until the "
                "tasks that were given it are done.");
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
