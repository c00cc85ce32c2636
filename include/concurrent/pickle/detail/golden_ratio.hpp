// SPDX-License-Identifier: BSL-1.0
// The multiplier of the library's hash tables and checksums.
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace concurrent::pickle::inline v0::detail {

/// 2^64 divided by the golden ratio, which is odd: numbers that differ in few low bits differ in many high ones once
/// they are multiplied by it, and none is lost. So the high bits of the product say where something lies in a table.
inline constexpr std::uint64_t golden_ratio = 0x9E37'79B9'7F4A'7C15U;

}  // namespace concurrent::pickle::inline v0::detail
