// SPDX-License-Identifier: BSL-1.0
// As much of C++26's senders and receivers as execution.hpp needs, under the draft's names, where there is no library
// of them: enough to connect and start a sender, and to write a receiver.
#pragma once

#include <concurrent/version.hpp>

#include <utility>

namespace concurrent::futures::inline v0 {

/// The draft's std::execution, or the library that was included before, or what of it this library has itself.
namespace execution {

struct sender_tag {};           ///< `sender_concept` of a sender
struct receiver_tag {};         ///< `receiver_concept` of a receiver
struct operation_state_tag {};  ///< `operation_state_concept` of what connect returns

using sender_t = sender_tag;                    ///< its name in the drafts before 2026
using receiver_t = receiver_tag;                ///< likewise
using operation_state_t = operation_state_tag;  ///< likewise

/// How a sender may complete: set_value_t(T), set_error_t(E), set_stopped_t().
template <class... Signatures>
struct completion_signatures {};

/// An environment that answers nothing.
template <class...>
struct env {};

/// A stop token that nobody requests anything of.
struct never_stop_token {
  /// Is never called.
  template <class Function>
  struct callback_type {
    /// Keeps nothing.
    template <class Initialiser>
    callback_type(never_stop_token /*token*/, Initialiser&& /*function*/) noexcept {}
  };
  static constexpr bool stop_requested() noexcept { return false; }  ///< never
  static constexpr bool stop_possible() noexcept { return false; }   ///< nor will it be
};

/// The type of `set_value`.
struct set_value_t {
  /// The receiver's own set_value.
  template <class Receiver, class... Values>
  void operator()(Receiver&& receiver, Values&&... values) const noexcept {
    std::forward<Receiver>(receiver).set_value(std::forward<Values>(values)...);
  }
};
/// The type of `set_error`.
struct set_error_t {
  /// The receiver's own set_error.
  template <class Receiver, class Error>
  void operator()(Receiver&& receiver, Error&& error) const noexcept {
    std::forward<Receiver>(receiver).set_error(std::forward<Error>(error));
  }
};
/// The type of `set_stopped`.
struct set_stopped_t {
  /// The receiver's own set_stopped.
  template <class Receiver>
  void operator()(Receiver&& receiver) const noexcept {
    std::forward<Receiver>(receiver).set_stopped();
  }
};
/// The type of `connect`.
struct connect_t {
  /// The operation state; it stays where it is until it has completed.
  template <class Sender, class Receiver>
  auto operator()(Sender&& sender, Receiver&& receiver) const {
    return std::forward<Sender>(sender).connect(std::forward<Receiver>(receiver));
  }
};
/// The type of `start`.
struct start_t {
  /// Starts the operation.
  template <class Operation>
  void operator()(Operation& operation) const noexcept {
    operation.start();
  }
};
/// The type of `get_env`.
struct get_env_t {
  /// The receiver's or sender's environment; an empty one if it has none.
  template <class T>
  decltype(auto) operator()(const T& object) const noexcept {
    if constexpr (requires { object.get_env(); }) {
      return object.get_env();
    } else {
      return env<>();
    }
  }
};
/// The type of `get_stop_token`.
struct get_stop_token_t {
  /// The environment's answer; never_stop_token if it has none.
  template <class Environment>
  auto operator()(const Environment& environment) const noexcept {
    if constexpr (requires { environment.query(*this); }) {
      return environment.query(*this);
    } else {
      return never_stop_token();
    }
  }
};

inline constexpr set_value_t set_value{};            ///< completes a receiver with values
inline constexpr set_error_t set_error{};            ///< completes it with an error
inline constexpr set_stopped_t set_stopped{};        ///< completes it with neither
inline constexpr connect_t connect{};                ///< a sender and a receiver make an operation
inline constexpr start_t start{};                    ///< starts an operation
inline constexpr get_env_t get_env{};                ///< what a receiver's surroundings know
inline constexpr get_stop_token_t get_stop_token{};  ///< of an environment

}  // namespace execution
}  // namespace concurrent::futures::inline v0
