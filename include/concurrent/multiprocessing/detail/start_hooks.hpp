// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What freeze_support does besides, for a header that a program may include or not: that one fills them in while the
/// program's variables are set up.
struct StartHooks {
  void (*in_image)() = nullptr;    // in a process that an executor has started, before it becomes what it shall be
  void (*in_program)() = nullptr;  // in the program itself; may end it
};

inline StartHooks& start_hooks() noexcept {
  static constinit StartHooks hooks;
  return hooks;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
