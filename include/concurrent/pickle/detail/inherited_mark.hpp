// SPDX-License-Identifier: BSL-1.0
// How the memory that an Inherited points to is told from what was captured by mistake, also where the types of a
// closure's captures are not known: its first word points here, and the address itself is kept in a form that no
// address has.
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace concurrent::pickle::inline v0 {

template <class T>
class Inherited;

namespace detail {

struct InheritedMark {
  std::uint64_t number = 0x6465'7469'7265'686Eu;
};
inline constexpr InheritedMark inherited_mark{};

template <class T>
inline constexpr bool is_inherited = false;
template <class T>
inline constexpr bool is_inherited<Inherited<T>> = true;

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
