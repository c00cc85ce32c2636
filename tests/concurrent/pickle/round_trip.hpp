// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/catch.hpp"

#include <concurrent/pickle.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace pickle = concurrent::pickle;

using Bytes = std::vector<std::byte>;

// The value after its way through bytes.
template <class T>
T there_and_back(const T& value) {
  static_assert(pickle::Picklable<T>);
  return pickle::loads<T>(pickle::dumps(value));
}

// Whether every beginning of the bytes, and one byte more than them, is refused.
template <class T>
bool refuses_other_lengths(const T& value) {
  Bytes bytes = pickle::dumps(value);
  const auto refuses = [](std::span<const std::byte> input) {
    // a copy of just that size, so that a sanitizer sees a read beyond it
    const Bytes copy(input.begin(), input.end());
    try {
      static_cast<void>(pickle::loads<T>(copy));
      return false;
    } catch (const pickle::UnpicklingError&) {
      return true;
    }
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (!refuses(std::span(bytes).first(size))) return false;
  }
  bytes.push_back(std::byte{0});
  return refuses(bytes);
}

template <class T>
void check_round_trip(const T& value) {
  CHECK(there_and_back(value) == value);
  CHECK(refuses_other_lengths(value));
}

// The bytes of several trivially copyable values, one after the other.
template <class... Ts>
Bytes bytes_of(const Ts&... values) {
  Bytes bytes;
  const auto append = [&](const auto& value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), first, first + sizeof(value));
  };
  (append(values), ...);
  return bytes;
}

// What loading the bytes as a T says, or nothing if it works.
template <class T>
std::string refusal(const Bytes& bytes) {
  try {
    static_cast<void>(pickle::loads<T>(bytes));
  } catch (const pickle::UnpicklingError& error) {
    return error.what();
  }
  return {};
}
