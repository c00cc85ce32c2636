// SPDX-License-Identifier: BSL-1.0
// What messages call a callable.
#pragma once

#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/symbols.hpp>
#include <concurrent/pickle/function.hpp>
#include <concurrent/pickle/reader.hpp>

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

// The name as well as it is known, of a callable that the reader is at. Those that begin with another one have
// specialisations of their own.
template <class F>
struct CallableName {
  static std::string read([[maybe_unused]] Reader& reader) {
    if constexpr (std::is_pointer_v<F>) {
      return function_name(reinterpret_cast<std::uintptr_t>(detail::load_callable<F>(reader)));
    } else if constexpr (std::is_member_function_pointer_v<F>) {
      const auto function = std::bit_cast<MemberFunction>(detail::load_callable<F>(reader));
      return function.is_virtual() ? readable_name<F>() : function_name(function.address);
    } else {
      return readable_name<F>();
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
