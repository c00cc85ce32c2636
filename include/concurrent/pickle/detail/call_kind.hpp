// SPDX-License-Identifier: BSL-1.0
// What stands for one kind of call. Each is a constant of the program (or library) that makes such calls, there before
// anything of it runs, so that an executor may be made before main. Between processes it is named like a function, by
// module and offset, and believed only where nobody can have written to it and if it begins with the right number.
#pragma once

#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace concurrent::pickle::inline v0 {

/// Runs one kind of call: unpickles its arguments, calls, pickles the result. `phase` tells how far it is.
using CallFunction = void (*)(Reader& arguments, Writer& result, std::atomic<std::uint32_t>& phase);

namespace detail {

struct CallKind {
  static constexpr std::uint64_t right_number = 0x6c6c6163'30667563u;

  std::uint64_t number;
  std::uint64_t complement;  // ~number: instructions may hold the number, but never both in a row
  CallFunction run;
  std::string (*describe)(Reader& after_token);
};

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
