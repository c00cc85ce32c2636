// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/shared_mapping.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

namespace concurrent::multiprocessing::inline v0 {

namespace detail {
class HolderTable;
}

/// A piece of memory that a process and those it sends it to share: a handle, whose copies mean the same bytes, and
/// that may be an argument, a result, or a member of one, under every start method and for workers of any age.
///
/// The memory begins a page (so any alignment up to 4096 is right), is all zeros at first, has no name in any file
/// system, cannot be cut short, and is given back when the last process lets go of it, however it ends. Pages take
/// memory when they are touched; like any memory, what is touched when the machine has none left ends the process.
///
/// Each process maps it once while it has a handle, and holds one descriptor: a worker maps it when a task is given it
/// and unmaps it when the task is done. For many short tasks, hand it to the pool's initializer and keep it in a global
/// variable; workers under `fork` have what existed when the executor was made without that. A call's arguments live
/// until its outcome is known, and what a task returns until the caller has it, without anybody keeping a handle. Bytes
/// that the program makes itself (pickle::dumps, a Queue's items) hold no more than the way there: keep a handle for
/// those.
///
/// Threads: copies may be used from any thread; what they do with the bytes is theirs to order. It works like memory of
/// threads: use std::atomic_ref, or `Value`, `Event`, or futures, which order what came before a task's end.
/// Python: `multiprocessing.shared_memory.SharedMemory`, without name, close and unlink.
class SharedMemory {
 public:
  /// No memory: for a variable that gets it later.
  SharedMemory() noexcept = default;

  /// Makes memory of `size` bytes.
  /// Throws: std::invalid_argument if that is 0 or more than an address space; std::system_error when the system has no
  /// room or no descriptor.
  explicit SharedMemory(std::size_t size) : mapping_(detail::SharedMapping::create(checked(size))) {}

  /// All of it; empty when there is none.
  std::span<std::byte> bytes() const noexcept {
    return mapping_ ? std::span(mapping_->data(), mapping_->size()) : std::span<std::byte>();
  }
  std::size_t size() const noexcept { return mapping_ ? mapping_->size() : 0; }
  explicit operator bool() const noexcept { return mapping_ != nullptr; }

  /// Whether both are the same memory.
  friend bool operator==(const SharedMemory&, const SharedMemory&) noexcept = default;

 private:
  friend struct pickle::Pickler<SharedMemory>;
  friend class detail::HolderTable;

  static std::size_t checked(std::size_t size) {
    if (size != 0 && size <= detail::SharedTrailer::most) return size;
    throw std::invalid_argument("concurrent::multiprocessing: the size of shared memory is " + std::to_string(size) +
                                " bytes. It must be from 1 to " + std::to_string(detail::SharedTrailer::most) + ".");
  }

  std::shared_ptr<detail::SharedMapping> mapping_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to the memory: the copy means the same memory.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it;
/// std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::SharedMemory> {
  using SharedMemory = concurrent::multiprocessing::SharedMemory;
  using Name = concurrent::multiprocessing::detail::SharedName;

  static void dump(Writer& writer, const SharedMemory& memory) {
    if (memory.mapping_) writer.keep(memory.mapping_);
    (memory.mapping_ ? memory.mapping_->name() : Name()).dump(writer);
  }
  static SharedMemory load(Reader& reader) {
    SharedMemory memory;
    if (const Name name = Name::load(reader); name.size != 0)
      memory.mapping_ = concurrent::multiprocessing::detail::SharedMapping::open(name);
    return memory;
  }
};
