// SPDX-License-Identifier: BSL-1.0
// What an agent has to know to make its share of a pool.
#pragma once

#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/mpi_options.hpp>
#include <concurrent/futures/process_options.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/surroundings.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/pickle/call.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// An initializer that came as the bytes of its call.
struct CarriedInitializer {
  std::vector<std::byte> call;

  void operator()() const {
    constexpr std::align_val_t alignment{multiprocessing::detail::cache_line};
    const auto release = [](void* memory) { ::operator delete(memory, alignment); };
    const std::unique_ptr<void, decltype(release)> copy(::operator new(call.size(), alignment), release);
    std::memcpy(copy.get(), call.data(), call.size());
    pickle::Reader reader(std::span(static_cast<const std::byte*>(copy.get()), call.size()), pickle::Views::in_place);
    std::byte room[64];
    pickle::Writer nothing(room, room + sizeof room, [](pickle::Writer& writer, std::size_t needed) {
      writer.clear();  // what an initializer returns is dropped
      if (needed > writer.capacity())
        throw pickle::PicklingError("concurrent::futures: the initializer returns something large");
    });
    std::atomic<std::uint32_t> phase{0};
    pickle::run_call(reader, nothing, phase);
  }
};

/// The options that reach a node. Travels as an aggregate.
struct OpenOrder {
  std::string host;  // what the caller calls the node, for messages
  int rank = 0;
  int workers = 1;
  std::string start_method;
  std::optional<int> max_tasks_per_child;
  bool breaks_pool = true;
  int restart_count = 0;
  std::int64_t restart_period = 0;
  std::optional<std::int64_t> idle_timeout;
  std::vector<std::byte> initializer;
  std::vector<std::byte> finalizer;
  multiprocessing::detail::Surroundings surroundings;  // of the caller

  ProcessPoolOptions process_options() const {
    ProcessPoolOptions options;
    options.max_workers = workers;
    options.mp_context = multiprocessing::get_context(start_method);
    options.max_tasks_per_child = max_tasks_per_child;
    // More than in a pool that a program uses itself: the thread that brings calls shares a processor with the workers,
    // and what is to be had of a turn is the length of the queue.
    options.extra_queued_calls = 64;
    // Where two processors are for everybody, a worker that polls for long keeps them from the thread that brings
    // calls.
    if (multiprocessing::usable_cpu_count() <= 2)
      options.spin = multiprocessing::Spin::at_most(std::chrono::microseconds(20));
    options.on_worker_death = breaks_pool ? WorkerDeathPolicy::break_pool : WorkerDeathPolicy::fail_task;
    options.restart_limit = {restart_count, std::chrono::nanoseconds(restart_period)};
    if (idle_timeout) options.idle_timeout = std::chrono::nanoseconds(*idle_timeout);
    if (!initializer.empty()) options.initializer = Initializer(CarriedInitializer{initializer});
    if (!finalizer.empty()) options.finalizer = Initializer(CarriedInitializer{finalizer});
    return options;
  }
};

/// How a node is named in messages.
inline std::string node_label(const std::string& host, int rank) {
  return host + " (rank " + std::to_string(rank) + ")";
}
/// A message, and where it is from.
inline std::string said_on_node(const std::string& text, const std::string& label) {
  return text + (text.ends_with('.') ? " On node " : ". On node ") + label + ".";
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
