// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>

namespace concurrent::multiprocessing::inline v0 {

/// The first line of `main` in a program that uses "forkserver" or "spawn": in a process that an executor started it
/// becomes that process and does not return; otherwise it returns at once.
///
///     int main(int argc, char** argv) {
///       concurrent::multiprocessing::freeze_support(argc, argv);
///       …
///     }
///
/// It is enough for shared libraries of the program that have pools of their own, also with hidden symbols, and
/// whenever they are opened.
///
/// Python: `multiprocessing.freeze_support()`, together with `if __name__ == "__main__":`.
void freeze_support(int argc, char** argv);

}  // namespace concurrent::multiprocessing::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/multiprocessing/detail/fresh_image_main.hpp>
#endif
