// SPDX-License-Identifier: BSL-1.0
// Two files that include this have exceptions of the same names, each its own, as parsers of two formats might.
#pragma once

#include <concurrent/pickle.hpp>

#include <stdexcept>
#include <typeinfo>

// What a file knows of its own types.
struct Twin {
  void (*throw_named)();
  void (*throw_local)();
  void (*throw_undeclared)();
  const std::type_info* named;
  const std::type_info* local;
};

extern const Twin first_twin;
extern const Twin second_twin;
