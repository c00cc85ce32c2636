// SPDX-License-Identifier: BSL-1.0
// The members of an aggregate as references, in order: by Boost.PFR, or, where it cannot take a class apart, by
// structured bindings written out here. It takes the elements of an array for members, and does not take a class that
// can only be moved into a new object.
#pragma once

#include <concurrent/pickle/detail/field_count.hpp>

#include <boost/pfr/core.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0 {

namespace detail {

template <class... Ts>
struct Types;

template <class T>
inline constexpr bool taken_apart_by_pfr =
    field_count<T> > 0 && !has_arrays<T> &&
    (std::is_copy_constructible_v<T> || (std::is_move_constructible_v<T> && std::is_move_assignable_v<T>));

// How many members each of the two ways reaches.
inline constexpr std::size_t most_fields_by_pfr = 100;
inline constexpr std::size_t most_fields_written_out = 32;
template <class T>
inline constexpr std::size_t most_fields = taken_apart_by_pfr<T> ? most_fields_by_pfr : most_fields_written_out;

// C++20 has structured bindings but no pack of them, so each number of members needs its own line; all are alike.
template <std::size_t count, class T, class Visit>
constexpr decltype(auto) bind_fields(T& value, Visit&& visit) {
  // clang-format off
  if constexpr (count == 0) { return visit(); }
  else if constexpr (count == 1) { auto& [f0] = value; return visit(f0); }
  else if constexpr (count == 2) { auto& [f0,f1] = value; return visit(f0,f1); }
  else if constexpr (count == 3) { auto& [f0,f1,f2] = value; return visit(f0,f1,f2); }
  else if constexpr (count == 4) { auto& [f0,f1,f2,f3] = value; return visit(f0,f1,f2,f3); }
  else if constexpr (count == 5) { auto& [f0,f1,f2,f3,f4] = value; return visit(f0,f1,f2,f3,f4); }
  else if constexpr (count == 6) { auto& [f0,f1,f2,f3,f4,f5] = value; return visit(f0,f1,f2,f3,f4,f5); }
  else if constexpr (count == 7) { auto& [f0,f1,f2,f3,f4,f5,f6] = value; return visit(f0,f1,f2,f3,f4,f5,f6); }
  else if constexpr (count == 8) { auto& [f0,f1,f2,f3,f4,f5,f6,f7] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7); }
  else if constexpr (count == 9) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8); }
  else if constexpr (count == 10) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9); }
  else if constexpr (count == 11) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10); }
  else if constexpr (count == 12) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11); }
  else if constexpr (count == 13) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12); }
  else if constexpr (count == 14) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13); }
  else if constexpr (count == 15) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14); }
  else if constexpr (count == 16) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15); }
  else if constexpr (count == 17) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16); }
  else if constexpr (count == 18) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17); }
  else if constexpr (count == 19) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18); }
  else if constexpr (count == 20) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19); }
  else if constexpr (count == 21) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20); }
  else if constexpr (count == 22) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21); }
  else if constexpr (count == 23) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22); }
  else if constexpr (count == 24) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23); }
  else if constexpr (count == 25) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24); }
  else if constexpr (count == 26) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25); }
  else if constexpr (count == 27) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26); }
  else if constexpr (count == 28) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27); }
  else if constexpr (count == 29) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28); }
  else if constexpr (count == 30) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29); }
  else if constexpr (count == 31) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29,f30] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29,f30); }
  else if constexpr (count == 32) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29,f30,f31] = value; return visit(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29,f30,f31); }
  // clang-format on
}
template <std::size_t count, class T>
constexpr auto bound_types(T& value) {
  // clang-format off
  if constexpr (count == 0) { return static_cast<Types<>*>(nullptr); }
  else if constexpr (count == 1) { auto& [f0] = value; return static_cast<Types<decltype(f0)>*>(nullptr); }
  else if constexpr (count == 2) { auto& [f0,f1] = value; return static_cast<Types<decltype(f0),decltype(f1)>*>(nullptr); }
  else if constexpr (count == 3) { auto& [f0,f1,f2] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2)>*>(nullptr); }
  else if constexpr (count == 4) { auto& [f0,f1,f2,f3] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3)>*>(nullptr); }
  else if constexpr (count == 5) { auto& [f0,f1,f2,f3,f4] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4)>*>(nullptr); }
  else if constexpr (count == 6) { auto& [f0,f1,f2,f3,f4,f5] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5)>*>(nullptr); }
  else if constexpr (count == 7) { auto& [f0,f1,f2,f3,f4,f5,f6] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6)>*>(nullptr); }
  else if constexpr (count == 8) { auto& [f0,f1,f2,f3,f4,f5,f6,f7] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7)>*>(nullptr); }
  else if constexpr (count == 9) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8)>*>(nullptr); }
  else if constexpr (count == 10) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9)>*>(nullptr); }
  else if constexpr (count == 11) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10)>*>(nullptr); }
  else if constexpr (count == 12) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11)>*>(nullptr); }
  else if constexpr (count == 13) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12)>*>(nullptr); }
  else if constexpr (count == 14) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13)>*>(nullptr); }
  else if constexpr (count == 15) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14)>*>(nullptr); }
  else if constexpr (count == 16) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15)>*>(nullptr); }
  else if constexpr (count == 17) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16)>*>(nullptr); }
  else if constexpr (count == 18) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17)>*>(nullptr); }
  else if constexpr (count == 19) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18)>*>(nullptr); }
  else if constexpr (count == 20) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19)>*>(nullptr); }
  else if constexpr (count == 21) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20)>*>(nullptr); }
  else if constexpr (count == 22) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21)>*>(nullptr); }
  else if constexpr (count == 23) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22)>*>(nullptr); }
  else if constexpr (count == 24) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23)>*>(nullptr); }
  else if constexpr (count == 25) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24)>*>(nullptr); }
  else if constexpr (count == 26) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25)>*>(nullptr); }
  else if constexpr (count == 27) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25),decltype(f26)>*>(nullptr); }
  else if constexpr (count == 28) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25),decltype(f26),decltype(f27)>*>(nullptr); }
  else if constexpr (count == 29) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25),decltype(f26),decltype(f27),decltype(f28)>*>(nullptr); }
  else if constexpr (count == 30) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25),decltype(f26),decltype(f27),decltype(f28),decltype(f29)>*>(nullptr); }
  else if constexpr (count == 31) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29,f30] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25),decltype(f26),decltype(f27),decltype(f28),decltype(f29),decltype(f30)>*>(nullptr); }
  else if constexpr (count == 32) { auto& [f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11,f12,f13,f14,f15,f16,f17,f18,f19,f20,f21,f22,f23,f24,f25,f26,f27,f28,f29,f30,f31] = value; return static_cast<Types<decltype(f0),decltype(f1),decltype(f2),decltype(f3),decltype(f4),decltype(f5),decltype(f6),decltype(f7),decltype(f8),decltype(f9),decltype(f10),decltype(f11),decltype(f12),decltype(f13),decltype(f14),decltype(f15),decltype(f16),decltype(f17),decltype(f18),decltype(f19),decltype(f20),decltype(f21),decltype(f22),decltype(f23),decltype(f24),decltype(f25),decltype(f26),decltype(f27),decltype(f28),decltype(f29),decltype(f30),decltype(f31)>*>(nullptr); }
  // clang-format on
}

template <class T, bool by_pfr = taken_apart_by_pfr<T>, class Indices = std::make_index_sequence<field_count<T>>>
struct TypesOf;
template <class T, std::size_t... i>
struct TypesOf<T, true, std::index_sequence<i...>> {
  using type = Types<boost::pfr::tuple_element_t<i, T>...>;
};
template <class T, std::size_t... i>
struct TypesOf<T, false, std::index_sequence<i...>> {
  using type = std::remove_pointer_t<decltype(bound_types<sizeof...(i)>(std::declval<T&>()))>;
};

// The declared types of the members as Types<...>, const included.
template <class T>
using FieldTypes = typename TypesOf<T>::type;

// Calls visit(members...) and returns what it returns. T may be const.
template <class T, class Visit>
constexpr decltype(auto) visit_fields(T& value, Visit&& visit) {
  if constexpr (taken_apart_by_pfr<std::remove_const_t<T>>) {
    return std::apply(std::forward<Visit>(visit), boost::pfr::structure_tie(value));
  } else {
    return bind_fields<field_count<std::remove_const_t<T>>>(value, std::forward<Visit>(visit));
  }
}

}  // namespace detail

}  // namespace concurrent::pickle::inline v0
