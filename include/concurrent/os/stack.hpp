// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <pthread.h>

#include <cstddef>

namespace concurrent::os::inline v0 {

/// The memory of the calling thread's stack. Costs a read of /proc for the main thread. False: the system does not say.
inline bool find_stack(void*& low, std::size_t& size) noexcept {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return false;
  const bool known = ::pthread_attr_getstack(&attributes, &low, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  return known;
}

}  // namespace concurrent::os::inline v0
