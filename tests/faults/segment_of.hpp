// SPDX-License-Identifier: BSL-1.0
// What a rogue worker has in its hands: the shared memory, as it finds it in its own list of mappings.
#pragma once

#include "faults/trial.hpp"

#include <concurrent/multiprocessing/detail/layout.hpp>

#include <cstdio>
#include <cstring>

namespace faults {

struct Found {
  std::byte* base = nullptr;
  ipc::SegmentGeometry geometry;
  std::uint32_t own = 0;  // the place of the process that looks

  static Found here() {
    Found found;
    const std::string maps = support::read_text("/proc/self/maps");
    const std::size_t name = maps.find("concurrent_futures");
    if (name == std::string::npos) return found;
    const std::size_t line = maps.rfind('\n', name) + 1;
    unsigned long first = 0;
    std::sscanf(maps.c_str() + line, "%lx", &first);
    found.base = reinterpret_cast<std::byte*>(first);
    std::memcpy(&found.geometry, found.base, sizeof found.geometry);
    for (std::uint32_t i = 0; i < found.geometry.workers; ++i) {
      if (found.worker(i).pid.load() == ::getpid()) found.own = i;
    }
    return found;
  }

  ipc::SegmentHeader& header() const { return *reinterpret_cast<ipc::SegmentHeader*>(base); }
  ipc::WorkerEntry& worker(std::uint32_t i) const {
    return reinterpret_cast<ipc::WorkerEntry*>(base + geometry.worker_entries)[i];
  }
  ipc::CallRecord& record(std::uint32_t i) const {
    return reinterpret_cast<ipc::CallRecord*>(base + geometry.call_records)[i];
  }
  ipc::ResultEntry& result(std::uint32_t worker_index, std::uint64_t position) const {
    return reinterpret_cast<ipc::ResultEntry*>(
        base + geometry.result_rings)[std::uint64_t{worker_index} * geometry.ring_capacity +
                                      position % geometry.ring_capacity];
  }
  /// The words that say how things stand, without the payloads behind them, and without what only a pool that has grown
  /// has: how many bytes, and where one of these is.
  std::size_t control_size() const { return entries_end() + records_size() + results_size(); }
  std::byte* control(std::size_t at) const {
    if (at < entries_end()) return base + at;
    at -= entries_end();
    if (at < records_size()) return base + geometry.call_records + at;
    return base + geometry.result_rings + (at - records_size());
  }
  /// Where our next result is expected.
  std::uint64_t next_position() const {
    for (std::uint64_t position = worker(own).consumed.load();; ++position) {
      if (result(own, position).commit.load() != position + 1) return position;
    }
  }
  /// The call that this worker has in hand.
  std::uint64_t call() const { return worker(own).call.load(); }
  void commit(ipc::ResultEntry& entry, std::uint64_t position) const {
    const std::uint64_t size = std::min<std::uint64_t>(entry.size, ipc::ResultEntry::inline_capacity);
    entry.checksum = ipc::checksum_of_result(entry.call, entry.nonce, size, entry.offset, entry.outcome, entry.bytes);
    if (entry.offset != 0) entry.checksum ^= size ^ entry.size;
    entry.commit.store(position + 1);
    // As a worker does: whoever of the caller's sleeps is woken.
    header().caller.manager.store(0);
    ipc::futex_wake(header().caller.manager, 1, true);
  }

 private:
  std::size_t entries_end() const {
    return geometry.worker_entries + geometry.first_workers * sizeof(ipc::WorkerEntry);
  }
  std::size_t records_size() const { return geometry.first_records * sizeof(ipc::CallRecord); }
  std::size_t results_size() const {
    return std::size_t{geometry.first_workers} * geometry.ring_capacity * sizeof(ipc::ResultEntry);
  }
};

}  // namespace faults
