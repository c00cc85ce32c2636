// SPDX-License-Identifier: BSL-1.0
// How a zygote is started, asked and reaped.
#pragma once

#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/exit_guard.hpp>
#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/fresh_image.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/profile.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/multiprocessing/detail/zygote.hpp>
#include <concurrent/multiprocessing/detail/zygote_process.hpp>
#include <concurrent/os/loaded_modules.hpp>
#include <concurrent/os/loader_lock.hpp>
#include <concurrent/os/program.hpp>
#include <concurrent/os/socket.hpp>
#include <concurrent/pickle/detail/module.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

inline void ZygoteProcess::start(Segment& segment, StartMethod method, WorkerInitializer initializer,
                                 std::uint64_t pool) {
  const ProcessInfo caller = current_process();
  const Surroundings surroundings = Surroundings::of_this_process();
  for (int tries = 1;; ++tries) {
    auto [ours, theirs] = make_message_channel();
    DescriptorRegistry::instance().add(ours.get());
    channel_ = ours.release();
    channel_number_ = os::number_of_socket(channel_);
    pid_ = method == StartMethod::fork
               ? start_fork(segment, std::move(theirs), caller, surroundings, initializer, pool, tries < most_tries)
               : start_fresh(segment, theirs, caller, surroundings, method, pool);
    if (pid_ < 0) {
      const int error = -pid_;
      close();
      throw_errno(error,
                  method == StartMethod::fork ? "fork of the helper process" : "posix_spawn of the helper process");
    }
    if (method != StartMethod::fork || tries == most_tries || !forked_in_vain()) return;
    reap();
    close();
  }
}

inline bool ZygoteProcess::send(const ZygoteRequest& request) noexcept {
  for (;;) {
    if (!has_channel()) return false;
    const ssize_t sent = os::send_bytes(channel_, &request, sizeof request);
    if (sent < 0 && errno == EINTR) continue;
    // Starts are many, and whoever waits for one looks after a while whether something holds it up.
    if (sent >= 0 && request.kind != ZygoteRequest::Kind::start) go_on();
    return sent >= 0;
  }
}

inline void ZygoteProcess::go_on() noexcept {
  const MutexLock lock(reap_mutex_);
  if (!reaped_) ::kill(pid_, SIGCONT);  // also where the stop is still on its way: that is taken back
}

inline bool ZygoteProcess::report_waits(std::chrono::nanoseconds patience) noexcept {
  if (!is_channel()) return true;
  pollfd watched{channel_, POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  return ::poll(&watched, 1, static_cast<int>(milliseconds)) > 0;
}

inline bool ZygoteProcess::receive(ZygoteReport& report) noexcept {
  return has_channel() && take_message(channel_, report, 0) == Taken::message;
}

inline int ZygoteProcess::reap() noexcept {
  int status = 0;
  siginfo_t end{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const MutexLock lock(reap_mutex_);
  reaped_ = true;
  return wait_for(pid_, &status) < 0 ? status_unknown : status;
}

inline ZygoteProcess::~ZygoteProcess() { close(); }

inline void ZygoteProcess::close() noexcept {
  if (channel_ < 0) return;
  if (is_channel()) {
    DescriptorRegistry::instance().close(channel_);
  } else {
    DescriptorRegistry::instance().forget(channel_);
  }
  channel_ = -1;
}

/// Not when the program has closed it: the number may be that of another file now, which is not ours to write to.
inline bool ZygoteProcess::is_channel() const noexcept {
  return channel_number_ != 0 && os::number_of_socket(channel_) == channel_number_;
}

inline bool ZygoteProcess::has_channel() noexcept {
  if (is_channel()) return true;
  // A thread that waits for a message holds it open still, so the zygote has not seen its end.
  const MutexLock lock(reap_mutex_);
  if (channel_ >= 0 && !lost_channel_.exchange(true) && !reaped_) ::kill(pid_, SIGKILL);
  return false;
}

inline pid_t ZygoteProcess::start_fork(Segment& segment, Descriptor channel, const ProcessInfo& caller,
                                       const Surroundings& surroundings, WorkerInitializer initializer,
                                       std::uint64_t pool, bool may_try_again) {
  flush_output();  // or the workers would have a copy of what is not written yet
  // Other threads may hold locks at the moment of the fork, which nobody in the child would ever release. What takes
  // one and a worker needs is done before: its exit handler, and the first look at the program's own module.
  guard_exit();
  pickle::detail::main_module();
  const BlockSignals no_handlers;
  if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.fork"); error != 0) return -error;
  const pid_t pid = fork_counted();
  if (pid != 0) return pid > 0 ? pid : -errno;
  DescriptorRegistry::instance().close_all();
  if (may_try_again && !os::loader_is_usable()) ::_exit(loader_was_in_use);
  ZygoteSetup setup;
  setup.segment = &segment;
  setup.channel = std::move(channel);
  setup.caller = caller;
  setup.method = StartMethod::fork;
  setup.surroundings = surroundings;
  setup.initializer = initializer;
  setup.pool = pool;
  Zygote(setup).run();
}

/// Waits until the fork has shown that it can work. True: it has ended, since it was made at a bad moment.
inline bool ZygoteProcess::forked_in_vain() noexcept {
  pollfd watched{channel_, POLLIN, 0};
  while (::poll(&watched, 1, 1000) < 0 && errno == EINTR) {
  }
  char first = 0;
  if (::recv(channel_, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 0) return false;
  siginfo_t end{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT) == 0 && end.si_code == CLD_EXITED &&
         end.si_status == loader_was_in_use;
}

inline pid_t ZygoteProcess::start_fresh(Segment& segment, const Descriptor& channel, const ProcessInfo& caller,
                                        const Surroundings& surroundings, StartMethod method, std::uint64_t pool) {
  ImageOrders orders;
  orders.role = ImageRole::zygote;
  orders.method = method;
  orders.channel = channel.get();
  orders.segment = segment.descriptor();
  orders.starter = caller.pid;
  orders.caller = caller;
  orders.surroundings = surroundings;
  orders.pool = pool;
  check_startable();
  return start_image(std::move(orders));
}

/// Throws std::runtime_error where this program cannot be started again.
inline void ZygoteProcess::check_startable() {
  const std::string again = "concurrent::multiprocessing: \"forkserver\" and \"spawn\" start this program again ";
  if (!os::has_program_file()) {
    throw std::runtime_error(again + "by way of " + os::program_file + ", which cannot be read here (" +
                             std::generic_category().message(errno) +
                             "). Mount /proc, or use the start method \"fork\".");
  }
  if (os::is_started_by_loader()) {
    throw std::runtime_error(
        again + "by way of " + os::program_file +
        ", which is the dynamic loader: the program was started by way of that (ld.so "
        "./program). Start the program itself, with the loader's path written into it (patchelf --set-interpreter), "
        "or use the start method \"fork\".");
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
