// SPDX-License-Identifier: BSL-1.0
// Random closures of numbers, also beside a pointer: none may be refused, in whatever kind of executable.
#pragma once

#include <concurrent/pickle/callable.hpp>

#include <bit>
#include <cstdint>
#include <memory>

inline std::uint64_t scramble(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

template <class F>
bool is_refused_by_forks(const F& function) {
  try {
    concurrent::pickle::detail::Captures<F>::check(function, concurrent::pickle::Audience::forks);
    return false;
  } catch (const concurrent::pickle::PicklingError&) {
    return true;
  }
}

// How many of them are refused. Numbers of every size, those of addresses in use among them.
inline int refused_numbers(std::uint64_t count) {
  static int variable = 0;
  const auto heap = std::make_unique<int>(0);
  const std::uintptr_t used[] = {reinterpret_cast<std::uintptr_t>(&variable),
                                 reinterpret_cast<std::uintptr_t>(heap.get()),
                                 reinterpret_cast<std::uintptr_t>(&count)};
  int refused = 0;
  for (std::uint64_t i = 0; i < count; i += 4) {
    const std::uint64_t random = scramble(i);
    const std::uint64_t number = (i & 4) != 0 ? random >> (random & 63) : used[i % 3] + (random & 0xffff);
    const auto narrow = static_cast<std::int32_t>(number);
    const auto other = static_cast<std::int32_t>(number >> 32);
    const auto real = std::bit_cast<double>(number);
    const char c = static_cast<char>(random);
    const char* const text = "constant";
    refused += is_refused_by_forks([number] { return number; });
    refused += is_refused_by_forks([c, real, narrow, other] { return c + real + narrow + other; });
    refused +=
        is_refused_by_forks([text, number, c, real] { return text[0] + static_cast<double>(number) + c + real; });
    refused += is_refused_by_forks([narrow, other, text, real] { return narrow + other + text[0] + real; });
  }
  return refused;
}
