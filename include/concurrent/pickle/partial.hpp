// SPDX-License-Identifier: BSL-1.0
// A callable with some of its arguments, as a value that pickles.
#pragma once

#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/callable_name.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0 {

/// A callable and its first arguments; calling it passes them before those of the call. Made by `partial`.
///
/// The function gets the stored arguments as const lvalues, as often as it is called. Text that was given between
/// quotes is stored as a string, and goes to a parameter of type `const char*` as well.
template <class Function, class... Stored>
class Partial {
 public:
  /// As `partial`.
  template <class... Given>
  explicit Partial(std::in_place_t, Function function, Given&&... given)
      : function_{std::move(function)}, stored_(std::forward<Given>(given)...) {}

  /// Calls the function with the stored arguments and these.
  template <class... Args>
    requires detail::takes_values<const Function&, const Stored&..., Args...>
  decltype(auto) operator()(Args&&... args) const {
    return std::apply(
        [&](const Stored&... stored) -> decltype(auto) {
          return detail::invoke(function_.function, stored..., std::forward<Args>(args)...);
        },
        stored_);
  }
  /// Calls the callable with the bound arguments first, then `args`. Python: functools.partial.__call__.
  template <class... Args>
    requires(!detail::takes_values<const Function&, const Stored&..., Args...> &&
             detail::takes_values<const Function&, typename detail::WithCString<Stored>::type..., Args...>)  //
  decltype(auto) operator()(Args&&... args) const {
    return std::apply(
        [&](const Stored&... stored) -> decltype(auto) {
          return detail::invoke(function_.function, as_c_string(stored)..., std::forward<Args>(args)...);
        },
        stored_);
  }

 private:
  friend struct Pickler<Partial>;
  friend struct detail::Captures<Partial>;

  template <class T>
  static decltype(auto) as_c_string(const T& value) {
    if constexpr (std::is_same_v<T, typename detail::WithCString<T>::type>) {
      return value;
    } else {
      return value.c_str();
    }
  }

  Callable<Function> function_;
  std::tuple<Stored...> stored_;
};

/// Binds the first arguments of a callable, so that it can be called with the others: for `map`, where an argument is
/// the same for all items, or where a task is to be one value. It can be sent if the callable and the arguments can.
///
///     pool.map(cf::partial(scaled, 2.5), images);   // scaled(2.5, image)
///
/// Python: `functools.partial`, without keyword arguments.
template <class Function, class... Args>
auto partial(Function&& function, Args&&... args) {
  static_assert(detail::is_callable_type<std::decay_t<Function>>,
                "concurrent::pickle: partial: the first argument is nothing that can be called. Pass the function and "
                "its arguments apart, partial(function, x).");
  // Asked before anything has a member of this type, see detail/captures.hpp.
  static_cast<void>(detail::holds_no_pointer<std::decay_t<Function>>);
  using Made = Partial<std::decay_t<Function>, detail::Sent<Args>...>;
  return Made(std::in_place, std::forward<Function>(function), std::forward<Args>(args)...);
}

namespace detail {

template <class F, class... Stored>
struct CallableCheck<Partial<F, Stored...>> {
  static constexpr void check() {
    check_callable<F>();
    (check_value<Stored, Role::argument>(), ...);
  }
};

template <class F, class... Stored>
struct Captures<Partial<F, Stored...>> {
  static void check(const Partial<F, Stored...>& partial, const Readers& readers) {
    Captures<F>::check(partial.function_.function, readers);
  }
};

template <class F, class... Stored>
struct CallableName<Partial<F, Stored...>> {
  static std::string read(Reader& reader) { return "partial(" + CallableName<F>::read(reader) + ')'; }
};

}  // namespace detail

/// Travels as its callable and its arguments.
///
/// Throws: what their own forms throw. Compile error: one of them cannot travel.
template <class Function, class... Stored>
struct Pickler<Partial<Function, Stored...>> {
  using Bound = Partial<Function, Stored...>;                  ///< what travels
  using Parts = detail::Types<Callable<Function>, Stored...>;  ///< what must be able to

  static void dump(Writer& writer, const Bound& partial) {
    Pickler<Callable<Function>>::dump(writer, partial.function_);
    std::apply([&](const Stored&... stored) { (Pickler<Stored>::dump(writer, stored), ...); }, partial.stored_);
  }
  static Bound load(Reader& reader) {
    // braces: from left to right
    return Bound{std::in_place, Pickler<Callable<Function>>::load(reader).function, Pickler<Stored>::load(reader)...};
  }
};

}  // namespace concurrent::pickle::inline v0
