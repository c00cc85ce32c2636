// SPDX-License-Identifier: BSL-1.0
// What a process does that was started from the program's file and not by a fork.
#pragma once

#include <concurrent/multiprocessing/detail/fresh_image.hpp>
#include <concurrent/multiprocessing/detail/start_hooks.hpp>
#include <concurrent/multiprocessing/detail/zygote.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <span>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Runs an initializer or finalizer that travelled as bytes: its call lies in the segment.
inline void run_pickled(const void* argument, std::uint64_t offset, std::uint64_t size) {
  Segment& segment = *static_cast<Segment*>(const_cast<void*>(argument));
  if (!segment.reach_caller_block(offset, size)) throw_errno(errno, "mprotect of the initializer");
  pickle::Reader reader(std::span(segment.base() + offset, size), pickle::Views::in_place);
  pickle::detail::VectorWriter result;  // what an initializer returns is dropped
  std::atomic<std::uint32_t> phase{0};
  pickle::run_call(reader, result, phase);
}

inline void run_pickled_initializer(const void* segment) {
  const SegmentGeometry& geometry = static_cast<const Segment*>(segment)->geometry();
  run_pickled(segment, geometry.initializer_offset, geometry.initializer_size);
}
inline void run_pickled_finalizer(const void* segment) {
  const SegmentGeometry& geometry = static_cast<const Segment*>(segment)->geometry();
  run_pickled(segment, geometry.finalizer_offset, geometry.finalizer_size);
}

inline WorkerInitializer initializer_of(Segment& segment) noexcept {
  WorkerInitializer initializer;
  initializer.argument = initializer.finish_argument = &segment;
  if (segment.geometry().initializer_size != 0) initializer.run = &run_pickled_initializer;
  if (segment.geometry().finalizer_size != 0) initializer.finish = &run_pickled_finalizer;
  return initializer;
}

[[noreturn]] inline void run_fresh_image(const ImageOrders& orders) {
  if (orders.role != ImageRole::zygote) tie_to_zygote(orders.starter, orders.pipe);
  if (::getppid() != orders.starter) ::_exit(0);
  ::fcntl(orders.segment, F_SETFD, FD_CLOEXEC);
  if (orders.pipe >= 0) ::fcntl(orders.pipe, F_SETFD, FD_CLOEXEC);
  Segment segment = Segment::attach(Descriptor(orders.segment));
  ZygoteSetup setup;
  setup.segment = &segment;
  setup.caller = orders.caller;
  setup.method = orders.method;
  setup.surroundings = orders.surroundings;
  setup.surroundings.take_over_locale();
  setup.pool = orders.pool;
  setup.initializer = initializer_of(segment);
  if (orders.role == ImageRole::worker) {
    ZygoteRequest request;
    request.worker = orders.worker;
    request.name = orders.name;
    become_worker(setup, request);
  }
  ::fcntl(orders.channel, F_SETFD, FD_CLOEXEC);
  if (orders.role == ImageRole::standby) become_standby(setup, Descriptor(orders.channel));
  setup.channel = Descriptor(orders.channel);
  Zygote(setup).run();
}

inline ImageOrders orders_for_image(const ZygoteSetup& setup, ImageRole role) {
  ImageOrders orders;
  orders.role = role;
  orders.method = setup.method;
  orders.segment = setup.segment->descriptor();
  orders.starter = ::getpid();
  orders.caller = setup.caller;
  orders.surroundings = setup.surroundings;
  orders.pool = setup.pool;
  return orders;
}

inline pid_t spawn_worker(const ZygoteSetup& setup, const ZygoteRequest& request, int pipe) {
  ImageOrders orders = orders_for_image(setup, ImageRole::worker);
  orders.worker = request.worker;
  orders.name = request.name;
  orders.pipe = pipe;
  return start_image(orders);
}

inline pid_t spawn_standby(const ZygoteSetup& setup, int channel, int pipe) {
  ImageOrders orders = orders_for_image(setup, ImageRole::standby);
  orders.channel = channel;
  orders.pipe = pipe;
  return start_image(orders);
}

/// Whether an executor can have started this process, whatever stands on its command line: the memory that it hands
/// over is not to be had by arguments alone, and only then they may say which code to run.
inline bool has_segment() noexcept {
  return os::is_memory_file(3, segment_file) || os::is_memory_file(4, segment_file);
}

/// A process that no executor has started.
inline void go_on_as_program() {
  if (start_hooks().in_program != nullptr) start_hooks().in_program();
}

inline void become_image(int argc, char** argv) {
  ImageOrders orders;
  if (argc < 8 || !orders.parse(argv[3])) return;
  freeze_support_state() = {true, argv[0]};
  orders.caller.name = argv[4];
  orders.surroundings.c_locale = argv[6];
  orders.surroundings.cpp_locale = argv[7];
  run_fresh_image(orders);
}

}  // namespace detail

CONCURRENT_FUTURES_INLINE void freeze_support(int argc, char** argv) {
  detail::FreezeSupport& state = detail::freeze_support_state();
  if (!state.called) detail::FreezeSupportMark::set();
  state.called = true;
  if (argc > 0) state.program = argv[0];
  if (argc < 3 || std::strcmp(argv[1], detail::image_marker) != 0) return detail::go_on_as_program();
  try {
    const auto entry = detail::image_entry_bytes(argv[2]);
    const bool is_own = argv[2] == detail::image_entry_text(&detail::become_image);
    if (!is_own && (!entry || !detail::has_segment())) return detail::go_on_as_program();
    if (detail::start_hooks().in_image != nullptr) detail::start_hooks().in_image();
    if (is_own) return detail::become_image(argc, argv);
    return detail::find_image_entry(*entry)(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  ::_exit(1);
}

}  // namespace concurrent::multiprocessing::inline v0
