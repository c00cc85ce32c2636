// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/os/own_stack.hpp>

#include <clocale>
#include <cstddef>
#include <exception>
#include <ios>
#include <string>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What workers take over of their caller as it was when the executor was made, and do not have by themselves.
struct Surroundings {
  SignalBits ignored = signal_bit(SIGINT);
  std::size_t stack = 0;   // what missing_stack says
  std::string c_locale;    // for fresh images; setlocale's name of all categories
  std::string cpp_locale;  // that of std::locale; empty: none that has a name

  /// Those of the caller, where this process makes workers for another one and has been told; of this thread.
  static const Surroundings*& of_another() noexcept {
    static constinit thread_local const Surroundings* told = nullptr;
    return told;
  }

  static Surroundings of_this_process() {
    Surroundings surroundings;
    if (of_another() != nullptr) {
      surroundings = *of_another();
      surroundings.stack = os::missing_stack();
      return surroundings;
    }
    surroundings.ignored = signals_that_workers_ignore();
    surroundings.stack = os::missing_stack();
    if (const char* const name = std::setlocale(LC_ALL, nullptr)) surroundings.c_locale = name;
    if (const std::string name = std::locale().name(); name != "*") surroundings.cpp_locale = name;
    return surroundings;
  }

  /// In a fresh image. What is not to be had here stays as it is.
  void take_over_locale() const noexcept {
    try {
      if (!cpp_locale.empty() && cpp_locale != "C") std::locale::global(std::locale(cpp_locale));
    } catch (const std::exception&) {  // a file of the system's is gone
    }
    if (!c_locale.empty() && c_locale != "C") std::setlocale(LC_ALL, c_locale.c_str());
  }
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
