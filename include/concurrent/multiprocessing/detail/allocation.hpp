// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A piece of shared memory and how long it is. Null when there was none to be had.
struct Allocation {
  std::byte* address = nullptr;
  std::size_t size = 0;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
