// SPDX-License-Identifier: BSL-1.0
// The smaller and the greater of two, for headers that every translation unit sees under separate compilation: without
// <algorithm> those are a tenth less to read.
#pragma once

#include <concurrent/version.hpp>

namespace concurrent::pickle::inline v0::detail {

template <class T>
constexpr T least(T a, T b) noexcept {
  return b < a ? b : a;
}
template <class T>
constexpr T greatest(T a, T b) noexcept {
  return a < b ? b : a;
}

}  // namespace concurrent::pickle::inline v0::detail
