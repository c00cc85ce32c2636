// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/function.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What a fresh image goes on with, given its command line: of the copy of this library that has started it. That need
/// not be the one whose freeze_support the program calls.
using ImageEntry = void (*)(int argc, char** argv);

/// As it travels on the command line: the pickled function in hexadecimal digits, which no other argument looks like.
inline std::string image_entry_text(ImageEntry entry) {
  std::string text;
  for (const std::byte byte : pickle::dumps(entry)) {
    for (const int shift : {4, 0}) text += "0123456789abcdef"[(std::to_integer<unsigned>(byte) >> shift) & 15U];
  }
  return text;
}

/// The bytes of such a text; nothing if it is none.
inline std::optional<std::vector<std::byte>> image_entry_bytes(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  std::vector<std::byte> bytes;
  unsigned value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    value = (value << 4U | static_cast<unsigned>(digit)) & 255U;
    if (i % 2 == 1) bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

/// Opens the library that has it, if the program has not done so before main.
/// Throws: UnpicklingError when there is none.
inline ImageEntry find_image_entry(const std::vector<std::byte>& bytes) {
  pickle::Reader reader(bytes, pickle::Views::in_place);
  const std::uintptr_t address = pickle::detail::load_function(reader);
  if (address == 0 || reader.remaining() != 0) reader.refuse("what is to be run is no function");
  return reinterpret_cast<ImageEntry>(address);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
