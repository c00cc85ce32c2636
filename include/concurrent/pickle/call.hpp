// SPDX-License-Identifier: BSL-1.0
// A call as bytes: which kind of call it is, the callable, the arguments.
#pragma once

#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/call_checks.hpp>
#include <concurrent/pickle/detail/call_run.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/function.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0 {

/// The type of the result of calling a copy of F with copies of Args; string literals, and text that a pointer points
/// to, are copied as std::string. `void` if it cannot be called so, for which check_call has the message.
template <class F, class... Args>
using call_result_t = detail::CallResult<std::decay_t<F>, detail::Pickled<Args>...>;

namespace detail {

[[noreturn, gnu::cold]] inline void refuse_null_text() {
  throw PicklingError(
      "concurrent::pickle: an argument is a null pointer to characters, which is no text. Pass an empty string, or a "
      "std::optional<std::string>.");
}

// Writes an argument in the form in which it is going to be loaded.
template <class Serializer, class Argument, class Given>
void dump_argument(Writer& writer, const Given& given) {
  if constexpr (std::is_same_v<Argument, Given>) {
    Serializer::template dump<Argument>(writer, given);
  } else if constexpr (std::is_array_v<Given> && is_string<Argument> && std::is_same_v<Serializer, Pickle>) {
    // as a string's bytes, without the string
    const std::basic_string_view<typename Argument::value_type> text = literal_text(given);
    dump_block(writer, text.data(), text.size());
  } else if constexpr (std::is_array_v<Given> && is_string<Argument>) {
    Serializer::template dump<Argument>(writer, Argument(literal_text(given)));
  } else if constexpr (is_text_pointer<Given> && is_string<Argument>) {
    if (given == nullptr) refuse_null_text();
    Serializer::template dump<Argument>(writer, Argument(given));
  } else {
    Serializer::template dump<Argument>(writer,
                                        Argument(given));  // a built-in array to its pointer, a function likewise
  }
}

}  // namespace detail

/// Fails to compile, with a message that says what is wrong and what to do, unless a call of F with Args can be sent.
template <class F, class... Args>
constexpr void check_call() {
  detail::CallChecks<Pickle, std::decay_t<F>, detail::Pickled<Args>...>::check();
}

namespace detail {

// Writes a call whose callable has been looked at, see Captures. Always inline: each kind of call has one use, which
// knows where the bytes go, and a compiler that leaves it out of there adds a tenth to what a submit costs.
template <class Serializer, class F, class... Args>
[[gnu::always_inline]] inline void dump_checked_call(Writer& writer, F&& function, Args&&... args) {
  using Function = std::decay_t<F>;
  using Checks = CallChecks<Serializer, Function, SentBy<Serializer, Args>...>;
  static_assert(!std::is_same_v<Serializer, Pickle> || !loses_length<Function&, Args...>,
                "concurrent::pickle: a pointer to characters means nothing in another process, and how many there are "
                "is not known. Pass a std::string: the function is given a pointer to its text.");
  Checks::check();
  if constexpr (Checks::passed()) {
    using ThisCall = Call<Serializer, Function, SentBy<Serializer, Args>...>;
    dump_function(writer, reinterpret_cast<std::uintptr_t>(&ThisCall::kind), Target::constant);
    detail::dump_callable<Function>(writer, function);
    (detail::dump_argument<Serializer, SentBy<Serializer, Args>>(writer, args), ...);
  }
}

}  // namespace detail

/// Writes a call: run_call reads it.
///
/// Throws: PicklingError when the callable holds a pointer that means nothing to the writer's audience, and whatever
/// the pickling of the callable or of an argument throws. Compile error: as check_call; with a Serializer of the
/// program's own, arguments and result are that one's business.
template <class Serializer, class F, class... Args>
void dump_call(Writer& writer, F&& function, Args&&... args) {
  detail::Captures<std::decay_t<F>>::check(function, writer.readers());
  detail::dump_checked_call<Serializer>(writer, std::forward<F>(function), std::forward<Args>(args)...);
}

/// Runs the call that `call` holds and writes its result (nothing for void). What the call, the pickling or the
/// unpickling throws goes through; `phase` then tells which of them it was.
///
/// Throws: also UnpicklingError if the bytes are no call of this program.
inline void run_call(Reader& call, Writer& result, std::atomic<std::uint32_t>& phase) {
  phase.store(static_cast<std::uint32_t>(Phase::unpickling_arguments), std::memory_order_release);
  detail::load_call_kind(call).run(call, result, phase);
}

/// What a call is, for messages: "hash_words(std::string)", as well as the symbols of the program tell.
inline std::string describe_call(std::span<const std::byte> call) noexcept {
  try {
    try {
      Reader reader(call, Views::in_place);
      return detail::load_call_kind(reader).describe(reader);
    } catch (const std::exception&) {
    }
    return "a call that cannot be read";
  } catch (...) {
    return {};
  }
}

}  // namespace concurrent::pickle::inline v0
