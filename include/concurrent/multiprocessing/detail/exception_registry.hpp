// SPDX-License-Identifier: BSL-1.0
// The exceptions of this room cross between processes with their type, like the standard ones.
#pragma once

#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/multiprocessing/manager_died.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/values.hpp>

#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::pickle::inline v0 {

template <>
struct Pickler<multiprocessing::ManagerDied> {
  static void dump(Writer& writer, const multiprocessing::ManagerDied& error) {
    Pickler<std::string>::dump(writer, error.what());
    Pickler<pid_t>::dump(writer, error.pid());
    Pickler<std::string>::dump(writer, error.how());
  }
  static multiprocessing::ManagerDied load(Reader& reader) {
    const auto what = Pickler<std::string>::load(reader);
    const auto pid = Pickler<pid_t>::load(reader);
    return {what, pid, Pickler<std::string>::load(reader)};
  }
};

}  // namespace concurrent::pickle::inline v0

namespace concurrent::pickle::inline v0 {
namespace detail {
template <class T>
  requires is_one_of<T, multiprocessing::BrokenBarrierError, multiprocessing::Closed>
inline constexpr bool keeps_its_text<T> = true;
}  // namespace detail
}  // namespace concurrent::pickle::inline v0

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// One flag for all translation units; evaluating it is what declares them.
inline const bool exceptions_are_declared =
    pickle::detail::declare_exception<BrokenBarrierError>() && pickle::detail::declare_exception<Closed>() &&
    pickle::detail::declare_exception<ManagerDied>() && pickle::detail::declare_exception<RuntimeError>();

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
