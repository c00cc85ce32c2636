// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/holder_table.hpp>
#include <concurrent/multiprocessing/detail/shared_block.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What Lock, Semaphore, Barrier and their siblings are: a handle to a record in shared memory, with the table of those
/// who may hold it. `Record` has standard layout, is complete as zeros, and begins with a number that tells its kind.
/// It may say how much of it is `touched`.
///
/// Copies mean the same record. It is gone with the last handle in the last process.
template <class Record>
class SharedRecord {
  static_assert(std::is_standard_layout_v<Record> && std::is_trivially_destructible_v<Record>);

 public:
  /// Makes a record, with room for `extra` bytes behind it.
  /// Throws: std::system_error.
  explicit SharedRecord(std::size_t extra = 0)
      : memory_(sizeof(Record) + extra, alignof(Record), touched()), holders_(HolderTable::mine()) {
    ::new (memory_.bytes().data()) Record;
    record().kind = Record::expected_kind;
  }

  Record& record() const noexcept { return *std::launder(reinterpret_cast<Record*>(memory_.bytes().data())); }
  Record* operator->() const noexcept { return &record(); }
  /// The bytes behind the record.
  std::byte* extra() const noexcept { return memory_.bytes().data() + sizeof(Record); }
  std::size_t extra_size() const noexcept { return memory_.size() - sizeof(Record); }
  const HolderTable& holders() const noexcept { return holders_; }
  /// Throws: RuntimeError, as HolderTable::self.
  HolderId self() const { return holders_.self(); }

  friend bool operator==(const SharedRecord& a, const SharedRecord& b) noexcept { return a.memory_ == b.memory_; }

  void dump(pickle::Writer& writer) const {
    memory_.dump(writer);
    pickle::Pickler<SharedMemory>::dump(writer, holders_.memory());
  }
  /// Throws: UnpicklingError when the memory cannot be reached or is no such record; std::system_error.
  static SharedRecord load(pickle::Reader& reader) {
    auto memory = SharedBlock::load(reader);
    auto holders = pickle::Pickler<SharedMemory>::load(reader);
    if (memory.size() < sizeof(Record) || holders.size() != HolderTable::bytes ||
        std::launder(reinterpret_cast<Record*>(memory.bytes().data()))->kind != Record::expected_kind) {
      reader.refuse("the shared memory is no object of this type");
    }
    return SharedRecord(std::move(memory), std::move(holders));
  }

 private:
  static constexpr Touched touched() noexcept {
    if constexpr (requires { Record::touched; }) {
      return Record::touched;
    } else {
      return Touched::all;
    }
  }
  SharedRecord(SharedBlock memory, SharedMemory holders) noexcept
      : memory_(std::move(memory)), holders_(std::move(holders)) {}

  SharedBlock memory_;
  HolderTable holders_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
