// SPDX-License-Identifier: BSL-1.0
// Which call, and how far it has come: words of layout.hpp, of which they are a part.
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace concurrent::multiprocessing::inline v0::detail {

/// The stages of a call record. The values are part of the layout.
enum class Stage : std::uint8_t { free = 0, ready = 1, claimed = 2, started = 3, cancelled = 4 };

/// A call's number: 40 bits, in the order of submission.
inline constexpr std::uint64_t ticket_mask = (std::uint64_t{1} << 40) - 1;
inline constexpr std::uint32_t no_worker = 0xFFFF;

/// The state word of a call record.
struct RecordState {
  std::uint64_t ticket = 0;
  std::uint32_t worker = no_worker;
  Stage stage = Stage::free;

  constexpr std::uint64_t pack() const noexcept {
    return ((ticket & ticket_mask) << 24) | (std::uint64_t{worker & 0xFFFFu} << 8) | static_cast<std::uint64_t>(stage);
  }
  static constexpr RecordState unpack(std::uint64_t word) noexcept {
    return {word >> 24, static_cast<std::uint32_t>((word >> 8) & 0xFFFFu), static_cast<Stage>(word & 0xFFu)};
  }
};

/// (ticket, record) in one word, as it stands in the call queue and in results.
constexpr std::uint64_t pack_call(std::uint64_t ticket, std::uint32_t record) noexcept {
  return ((ticket & ticket_mask) << 24) | record;
}
constexpr std::uint64_t ticket_of(std::uint64_t call) noexcept { return call >> 24; }
constexpr std::uint32_t record_of(std::uint64_t call) noexcept { return static_cast<std::uint32_t>(call & 0xFFFFFFu); }

/// The result of a worker's initializer that threw stands in its ring under this instead of a call.
inline constexpr std::uint64_t initializer_call = ~std::uint64_t{0};
/// Likewise of its finalizer, or of an object of worker_local that is destroyed.
inline constexpr std::uint64_t finalizer_call = ~std::uint64_t{1};

}  // namespace concurrent::multiprocessing::inline v0::detail
