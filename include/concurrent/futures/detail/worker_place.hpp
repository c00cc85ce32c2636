// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/work_item.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// One of the pool's places for a worker, and who is in it. Belongs to the pool's lock.
struct WorkerPlace {
  enum class State : std::uint8_t { absent, starting, live };

  State state = State::absent;
  bool retiring = false;  // it has run its last task and is about to leave by itself
  bool stopping = false;  // it was asked to end, by a signal
  bool damaged = false;   // what it wrote cannot be; its ring is not read any more
  std::uint32_t name = 0;
  std::uint64_t serial = 0;
  std::uint64_t tasks = 0;
  std::uint64_t position = 0;  // in its ring: the next result to come
  pid_t pid = 0;
  std::atomic<std::uint32_t> reading{0};  // results in its blocks that are being unpickled; no lock needed
};

/// A result that has been taken off its ring, with all that is needed to resolve its future without the lock.
struct Arrival {
  WorkItem* item = nullptr;
  WorkerPlace* place = nullptr;
  const std::byte* block = nullptr;  // where a large result lies
  std::uint64_t size = 0;
  pid_t pid = 0;
  std::uint32_t name = 0;
  multiprocessing::detail::Outcome outcome = multiprocessing::detail::Outcome::value;
  std::string task;  // what threw
  alignas(multiprocessing::detail::cache_line) std::byte bytes[multiprocessing::detail::ResultEntry::inline_capacity];
};

/// As many arrivals as are taken under one lock.
struct Arrivals {
  static constexpr std::size_t capacity = 16;
  std::size_t size = 0;
  Arrival items[capacity];
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
