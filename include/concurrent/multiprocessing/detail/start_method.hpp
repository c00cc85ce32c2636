// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// How a pool's workers come into being.
///   fork        copies of the caller, as it was when the executor was made
///   forkserver  copies of one fresh image of the program
///   spawn       a fresh image each
enum class StartMethod : std::uint32_t { fork, forkserver, spawn };

inline constexpr std::array available_start_methods{StartMethod::fork, StartMethod::forkserver, StartMethod::spawn};

constexpr std::string_view start_method_name(StartMethod method) noexcept {
  switch (method) {
    case StartMethod::forkserver:
      return "forkserver";
    case StartMethod::spawn:
      return "spawn";
    case StartMethod::fork:
      break;
  }
  return "fork";
}

/// A worker's name, as Python gives it.
inline std::string worker_name(StartMethod method, std::uint32_t number) {
  const char* const kind = method == StartMethod::spawn        ? "SpawnProcess-"
                           : method == StartMethod::forkserver ? "ForkServerProcess-"
                                                               : "ForkProcess-";
  return kind + std::to_string(number);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
