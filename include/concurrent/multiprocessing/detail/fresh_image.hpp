// SPDX-License-Identifier: BSL-1.0
// Starting this program once more, for "forkserver" and "spawn": posix_spawn, whose cost does not grow with the
// caller's memory, and what the two images tell each other on the command line.
#pragma once

#include <concurrent/multiprocessing/detail/freeze_support_mark.hpp>
#include <concurrent/multiprocessing/detail/image_entry.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/surroundings.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/os/program.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

extern char** environ;

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The first argument of an image that we started.
inline constexpr const char* image_marker = "--concurrent-futures-process";

enum class ImageRole : unsigned { zygote, worker, standby };

/// What a fresh image has to know to take its place. Travels as its third argument and those that follow.
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
  Surroundings surroundings;

  std::string numbers() const {
    std::string text;
    for (const long long number :
         {static_cast<long long>(role), static_cast<long long>(method), static_cast<long long>(channel),
          static_cast<long long>(segment), static_cast<long long>(starter), static_cast<long long>(caller.pid),
          static_cast<long long>(pool), static_cast<long long>(worker), static_cast<long long>(name),
          static_cast<long long>(pipe), static_cast<long long>(surroundings.ignored)}) {
      if (!text.empty()) text += ',';
      text += std::to_string(number);
    }
    return text;
  }
  /// False: not what numbers() writes.
  bool parse(const char* text) noexcept {
    constexpr int count = 11;
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
    surroundings.ignored = static_cast<SignalBits>(numbers[10]);
    return true;
  }
};

/// Whether this copy of freeze_support was called in this process, and the program's own first argument.
struct FreezeSupport {
  bool called = false;
  std::string program;
};
inline FreezeSupport& freeze_support_state() {
  static FreezeSupport state;
  return state;
}
/// Whether any copy was.
inline bool freeze_support_was_called() { return freeze_support_state().called || FreezeSupportMark::is_set(); }

/// Becomes the process that the command line tells of. Returns where it tells of none.
void become_image(int argc, char** argv);

/// Of what the program has open a new image keeps the standard streams alone, and of ours what it is told of: a number
/// in `kept` that is not -1. They become 3 and the numbers that follow, and are written there.
class KeptDescriptors {
 public:
  /// 0, or an errno.
  int add(posix_spawn_file_actions_t& actions, int& kept) noexcept {
    if (kept < 0) return 0;
    int from = kept;
    if (from < first + most) {  // else a number that is to be filled could be one that is still to be moved
      copies_[count_] = Descriptor(::fcntl(from, F_DUPFD_CLOEXEC, first + most));
      from = copies_[count_].get();
      if (from < 0) return errno;
    }
    kept = first + count_++;
    return ::posix_spawn_file_actions_adddup2(&actions, from, kept);
  }

  int close_others(posix_spawn_file_actions_t& actions) noexcept { return os::close_from(actions, first + count_); }

 private:
  static constexpr int first = STDERR_FILENO + 1;
  static constexpr int most = 3;

  Descriptor copies_[most];
  int count_ = 0;
};

/// Starts this program with orders. Returns the new process's pid, or -errno.
inline pid_t start_image(ImageOrders orders) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  KeptDescriptors kept;
  int error = 0;
  for (int* const descriptor : {&orders.channel, &orders.segment, &orders.pipe}) {
    if (error == 0) error = kept.add(actions, *descriptor);
  }
  if (error == 0) error = kept.close_others(actions);
  // What the process will ignore, a helper everything, must not end it before it has come so far.
  sigset_t set = signal_set(orders.role == ImageRole::worker ? orders.surroundings.ignored : all_signals);
  ::posix_spawnattr_setsigmask(&attributes, &set);
  sigfillset(&set);
  sigdelset(&set, SIGKILL);
  sigdelset(&set, SIGSTOP);
  ::posix_spawnattr_setsigdefault(&attributes, &set);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::string program =
      freeze_support_state().called ? freeze_support_state().program : std::string(os::program_name());
  std::string marker = image_marker;
  std::string entry = image_entry_text(&become_image);
  std::string numbers = orders.numbers();
  std::string caller = orders.caller.name;
  std::string name = orders.role == ImageRole::worker    ? worker_name(orders.method, orders.name)
                     : orders.role == ImageRole::standby ? "standby"
                                                         : "zygote";
  char* arguments[] = {program.data(),
                       marker.data(),
                       entry.data(),
                       numbers.data(),
                       caller.data(),
                       name.data(),
                       orders.surroundings.c_locale.data(),
                       orders.surroundings.cpp_locale.data(),
                       nullptr};
  pid_t pid = -1;
  if (error == 0) error = ::posix_spawn(&pid, os::program_file, &actions, &attributes, arguments, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error != 0 ? -error : pid;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
