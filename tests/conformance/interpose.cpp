// SPDX-License-Identifier: BSL-1.0
#include "conformance/interpose.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace conformance {

FailingCalls::FailingCalls(const std::string& call)
    : variable_("FAILING_" + call), left_(support::Word::make_array(2)), failed_{left_.at(1)} {
  const std::string place =
      std::to_string(left_.owner) + " " + std::to_string(left_.descriptor) + " " + std::to_string(left_.index);
  ::setenv(variable_.c_str(), place.c_str(), 1);
}

FailingCalls::~FailingCalls() {
  stop();
  ::unsetenv(variable_.c_str());
}

namespace {

/// Whether this call is one of those that shall fail. The environment reaches every process, however it was started.
[[maybe_unused]] bool shall_fail(const char* variable) {
  const char* place = std::getenv(variable);
  support::Word left;
  if (place == nullptr || std::sscanf(place, "%d %d %u", &left.owner, &left.descriptor, &left.index) != 3) return false;
  try {
    std::uint32_t seen = left.get().load();
    while (seen != 0) {
      const std::uint32_t next = seen == FailingCalls::always ? seen : seen - 1;
      if (left.get().compare_exchange_weak(seen, next)) {
        support::Counter{left.at(1)}.add();
        return true;
      }
    }
  } catch (const std::exception&) {
  }
  return false;
}

template <class Function>
[[maybe_unused]] Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

}  // namespace conformance

#if !SUPPORT_SANITIZED
extern "C" pid_t fork() noexcept {
  static const auto real = conformance::next<pid_t (*)()>("fork");
  if (conformance::shall_fail("FAILING_fork")) {
    errno = EAGAIN;
    return -1;
  }
  return real();
}

extern "C" int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  static const auto real = conformance::next<decltype(&posix_spawn)>("posix_spawn");
  if (conformance::shall_fail("FAILING_fork")) return EAGAIN;
  return real(pid, path, actions, attributes, arguments, environment);
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) noexcept {
  static const auto real =
      conformance::next<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  if (conformance::shall_fail("FAILING_pthread_create")) return EAGAIN;
  return real(thread, attributes, run, argument);
}

extern "C" long sysconf(int name) noexcept {
  static const auto real = conformance::next<long (*)(int)>("sysconf");
  if (conformance::shall_fail("FAILING_sysconf")) {
    errno = EPERM;
    return -1;
  }
  return real(name);
}
#endif
