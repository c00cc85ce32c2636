// SPDX-License-Identifier: BSL-1.0
// Starting this program once more, for "forkserver" and "spawn": posix_spawn, whose cost does not grow with the
// caller's memory, and what the two images tell each other on the command line.
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/process.hpp>

#include <spawn.h>

#include <cstdlib>
#include <cstring>
#include <string>

extern char** environ;

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The first argument of an image that we started.
inline constexpr const char* image_marker = "--concurrent-futures-process";

enum class ImageRole : unsigned { zygote, worker, standby };

/// What a fresh image has to know to take its place. Travels as its second and third argument.
struct ImageOrders {
  ImageRole role = ImageRole::zygote;
  StartMethod method = StartMethod::spawn;
  int channel = -1;  // the zygote's end, or that of a standby; a worker has none
  int segment = -1;
  int pipe = -1;      // what a worker keeps open as long as it is this program
  pid_t starter = 0;  // the process that must live
  ProcessInfo caller;
  std::uint64_t pool = 0;
  std::uint32_t worker = 0;
  std::uint32_t name = 0;

  std::string numbers() const {
    std::string text;
    for (const long long number :
         {static_cast<long long>(role), static_cast<long long>(method), static_cast<long long>(channel),
          static_cast<long long>(segment), static_cast<long long>(starter), static_cast<long long>(caller.pid),
          static_cast<long long>(pool), static_cast<long long>(worker), static_cast<long long>(name),
          static_cast<long long>(pipe)}) {
      if (!text.empty()) text += ',';
      text += std::to_string(number);
    }
    return text;
  }
  /// False: not what numbers() writes.
  bool parse(const char* text) noexcept {
    constexpr int count = 10;
    long long numbers[count];
    for (int i = 0; i < count; ++i) {
      char* end = nullptr;
      numbers[i] = std::strtoll(text, &end, 10);
      if (end == text || *end != (i == count - 1 ? '\0' : ',')) return false;
      text = end + 1;
    }
    if (numbers[0] < 0 || numbers[0] > static_cast<long long>(ImageRole::standby)) return false;
    if (numbers[1] < 0 || numbers[1] > static_cast<long long>(StartMethod::spawn)) return false;
    role = static_cast<ImageRole>(numbers[0]);
    method = static_cast<StartMethod>(numbers[1]);
    channel = static_cast<int>(numbers[2]);
    segment = static_cast<int>(numbers[3]);
    starter = static_cast<pid_t>(numbers[4]);
    caller.pid = static_cast<pid_t>(numbers[5]);
    pool = static_cast<std::uint64_t>(numbers[6]);
    worker = static_cast<std::uint32_t>(numbers[7]);
    name = static_cast<std::uint32_t>(numbers[8]);
    pipe = static_cast<int>(numbers[9]);
    return true;
  }
};

/// Whether freeze_support was called in this process, and the program's own first argument.
struct FreezeSupport {
  bool called = false;
  std::string program;
};
inline FreezeSupport& freeze_support_state() {
  static FreezeSupport state;
  return state;
}

/// Starts this program with orders. Returns the new process's pid, or -errno.
inline pid_t start_image(const ImageOrders& orders) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  // A descriptor that is duplicated onto itself stays open in the new image, and in it alone.
  if (orders.channel >= 0) ::posix_spawn_file_actions_adddup2(&actions, orders.channel, orders.channel);
  ::posix_spawn_file_actions_adddup2(&actions, orders.segment, orders.segment);
  if (orders.pipe >= 0) ::posix_spawn_file_actions_adddup2(&actions, orders.pipe, orders.pipe);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);  // an interrupt from the terminal is the caller's to handle, from the first instruction on
  ::posix_spawnattr_setsigmask(&attributes, &set);
  sigfillset(&set);
  sigdelset(&set, SIGKILL);
  sigdelset(&set, SIGSTOP);
  ::posix_spawnattr_setsigdefault(&attributes, &set);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::string program = freeze_support_state().program;
  std::string marker = image_marker;
  std::string numbers = orders.numbers();
  std::string caller = orders.caller.name;
  std::string name = orders.role == ImageRole::worker    ? worker_name(orders.method, orders.name)
                     : orders.role == ImageRole::standby ? "standby"
                                                         : "zygote";
  char* arguments[] = {program.data(), marker.data(), numbers.data(), caller.data(), name.data(), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error != 0 ? -error : pid;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
