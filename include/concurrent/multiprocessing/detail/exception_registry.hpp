// SPDX-License-Identifier: BSL-1.0
// The exceptions of this room cross between processes with their type, like the standard ones.
#pragma once

#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/pickle/exception.hpp>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// One flag for all translation units; evaluating it is what declares them.
inline const bool exceptions_are_declared =
    pickle::detail::declare_exception<BrokenBarrierError>() && pickle::detail::declare_exception<Closed>();

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
