// SPDX-License-Identifier: BSL-1.0
// A pickled call from its bytes to those of its result, or of the exception that it has thrown: in a worker, and in a
// Manager's server.
#pragma once

#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <atomic>
#include <cstdint>
#include <exception>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Writes the exception, or what its own pickling throws: that says why. Throws: what the writer throws when there is
/// no room for three words.
inline void pickle_exception(pickle::Writer& writer, const std::exception_ptr& exception) {
  try {
    writer.clear();
    pickle::dump_exception(writer, exception);
  } catch (...) {
    try {
      const auto reason = std::current_exception();
      writer.clear();
      pickle::dump_exception(writer, reason);
    } catch (...) {
      writer.clear();
      pickle::dump_exception(writer, std::make_exception_ptr(pickle::PicklingError("the exception cannot be pickled")));
    }
  }
}

/// `bytes()` gives the call; what it throws is the call's exception. What lies in the bytes is read in place, so they
/// stay as they are as long as this runs. `phase` tells whoever looks from outside how far it has come. Inline, for a
/// worker: a call of its own costs one in twenty-five of what an empty task takes.
template <class Bytes, class Writer>
[[gnu::always_inline]] inline Outcome run_one_call(Bytes bytes, Writer& writer, std::atomic<std::uint32_t>& phase) {
  try {
    pickle::Reader reader(bytes(), pickle::Views::in_place);
    pickle::run_call(reader, writer, phase);
    if constexpr (requires { writer.finish(); }) writer.finish();
    return Outcome::value;
  } catch (...) {
    pickle_exception(writer, std::current_exception());
    return Outcome::exception;
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
