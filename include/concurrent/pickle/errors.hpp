// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <stdexcept>
#include <string>

namespace concurrent::pickle::inline v0 {

/// A value that cannot be turned into bytes, although its type can: a captured pointer into the caller's stack,
/// a pointer to a derived object, a structure that is nested too deeply.
///
/// Python: `pickle.PicklingError`.
class PicklingError : public std::runtime_error {
 public:
  explicit PicklingError(const std::string& what) : std::runtime_error(what) {}
};

/// Bytes that are not the pickle of a value of the wanted type: cut short, forged, or of another program.
///
/// Python: `pickle.UnpicklingError`.
class UnpicklingError : public std::runtime_error {
 public:
  explicit UnpicklingError(const std::string& what) : std::runtime_error(what) {}
};

}  // namespace concurrent::pickle::inline v0
