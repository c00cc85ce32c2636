// SPDX-License-Identifier: BSL-1.0
// A call as bytes: which kind of call it is, the callable, the arguments.
#pragma once

#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/call_kind.hpp>
#include <concurrent/pickle/detail/callable_name.hpp>
#include <concurrent/pickle/detail/in_place.hpp>
#include <concurrent/pickle/detail/invoke.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
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

/// How far a call has come.
enum class Phase : std::uint32_t { none = 0, unpickling_arguments = 1, running = 2, pickling_result = 3 };

/// The type of the result of calling a copy of F with copies of Args; string literals are copied as std::string. `void`
/// if it cannot be called so, for which check_call has the message.
template <class F, class... Args>
using call_result_t = detail::CallResult<std::decay_t<F>, detail::Sent<Args>...>;

namespace detail {

// Members in order, each made in place from what the reader yields: no argument is moved before the call.
template <std::size_t, class T>
struct LoadedArgument {
  T value;
};
template <class Indices, class... Args>
struct LoadedArguments;
template <std::size_t... i, class... Args>
struct LoadedArguments<std::index_sequence<i...>, Args...> : LoadedArgument<i, Args>... {
  template <class F>
  decltype(auto) pass_to(F&& function) {
    if constexpr (takes_token<F, Args...>) {
      return pass<takes_c_strings<F, StopToken, Args...>>(std::forward<F>(function), StopTokens::current());
    } else {
      return pass<takes_c_strings<F, Args...>>(std::forward<F>(function));
    }
  }

 private:
  template <bool c_strings, class F, class... Token>
  decltype(auto) pass(F&& function, Token&&... token) {
    if constexpr (c_strings) {
      return detail::invoke(std::forward<F>(function), std::forward<Token>(token)...,
                            as_c_string(static_cast<LoadedArgument<i, Args>&>(*this).value)...);
    } else {
      return detail::invoke(std::forward<F>(function), std::forward<Token>(token)...,
                            std::move(static_cast<LoadedArgument<i, Args>&>(*this).value)...);
    }
  }
  template <class T>
  static decltype(auto) as_c_string(T& value) {
    if constexpr (std::is_same_v<T, typename WithCString<T>::type>) {
      return std::move(value);
    } else {
      return static_cast<typename WithCString<T>::type>(value.c_str());
    }
  }
};

// The function that a worker runs for one kind of call.
template <class Serializer, class F, class... Args>
struct Call {
  using Result = CallResult<F, Args...>;

  static void run(Reader& reader, Writer& writer, std::atomic<std::uint32_t>& phase) {
    set(phase, Phase::unpickling_arguments);
    if constexpr (std::is_void_v<Result>) {
      load_and_call(reader, phase);
      set(phase, Phase::pickling_result);
    } else if constexpr (returns_reference()) {
      load_call_and_dump(reader, writer, phase);
    } else {
      const Result result = load_and_call(reader, phase);
      set(phase, Phase::pickling_result);
      Serializer::template dump<Result>(writer, result);
    }
  }

  // For messages: the callable's name as well as it is known, and the types of the arguments.
  static std::string describe(Reader& after_token) {
    std::string text = CallableName<F>::read(after_token);
    text += '(';
    static_cast<void>(((text += readable_name<Args>() + ", "), ...));
    if (sizeof...(Args) != 0) text.resize(text.size() - 2);
    return text + ')';
  }

  static constexpr CallKind kind{CallKind::right_number, ~CallKind::right_number, &run, &describe};

 private:
  static void set(std::atomic<std::uint32_t>& phase, Phase value) {
    phase.store(static_cast<std::uint32_t>(value), std::memory_order_release);
  }

  template <class Indices>
  struct Loading;
  template <std::size_t... i>
  struct Loading<std::index_sequence<i...>> {
    // Another serializer may read nothing but the type that it wrote.
    template <std::size_t at, class Argument>
    using As = typename std::conditional_t<std::is_same_v<Serializer, Pickle>,
                                           InPlace<F, at + (takes_token<F, Args...> ? 1 : 0), Argument>,
                                           std::type_identity<Argument>>::type;
    using Arguments = LoadedArguments<std::index_sequence<i...>, As<i, Args>...>;
    static Arguments load([[maybe_unused]] Reader& reader) {
      return {{Serializer::template load<As<i, Args>>(reader)}...};  // braces: from left to right
    }
  };

  using Loaded = Loading<std::index_sequence_for<Args...>>;
  static consteval bool returns_reference() {
    using Returned = decltype(std::declval<typename Loaded::Arguments&>().pass_to(std::declval<F>()));
    return std::is_lvalue_reference_v<Returned> && std::is_same_v<std::remove_cvref_t<Returned>, Result>;
  }

  // What a function returns by reference is pickled from where it lies, which may be in an argument.
  static void load_call_and_dump(Reader& reader, Writer& writer, std::atomic<std::uint32_t>& phase) {
    F function = load_callable<F>(reader);
    auto arguments = Loaded::load(reader);
    finish_loading(reader, phase);
    const Result& result = arguments.pass_to(std::move(function));
    set(phase, Phase::pickling_result);
    Serializer::template dump<Result>(writer, result);
  }

  static void finish_loading(Reader& reader, std::atomic<std::uint32_t>& phase) {
    if (reader.remaining() != 0) [[unlikely]]
      reader.refuse(std::to_string(reader.remaining()) + " bytes are left over");
    reader.forget_shared_pointers();  // so that the function has the only references to what it was sent
    set(phase, Phase::running);
  }

  // Callable and arguments are gone when this returns, before the result is pickled.
  static Result load_and_call(Reader& reader, std::atomic<std::uint32_t>& phase) {
    F function = load_callable<F>(reader);
    auto arguments = Loaded::load(reader);
    finish_loading(reader, phase);
    return arguments.pass_to(std::move(function));
  }
};

template <class T>
constexpr void check_argument() {
  check_value<T, Role::argument>();
}
template <class T>
constexpr void check_result() {
  if constexpr (!std::is_void_v<T>) check_value<T, Role::value>();
}

template <class F>
constexpr void check_is_callable() {
  static_assert(is_callable_type<F>,
                "concurrent::pickle: the first argument is nothing that can be called. Pass the function and its "
                "arguments apart, "
                "submit(function, x), and do not call it yourself, submit(function(x)).");
}

template <class F, class... Args>
constexpr void check_takes() {
  static_assert(takes<F, Args...>,
                "concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number "
                "and types; a "
                "parameter of type T& cannot take a copy: use T, const T& or T&&.");
}

template <class Serializer, class F, class... Args>
struct CallChecks {
  static constexpr void check() {
    check_is_callable<F>();
    if constexpr (is_callable_type<F>) {
      check_callable<F>();
      if constexpr (std::is_same_v<Serializer, Pickle>) (check_argument<Args>(), ...);
      if constexpr (!takes<F, Args...>) {
        check_takes<F, Args...>();
      } else if constexpr (std::is_same_v<Serializer, Pickle>) {
        check_result<CallResult<F, Args...>>();
      }
    }
  }
  // Whether to go on: what follows would only repeat the refusal in the standard library's words.
  static consteval bool passed() {
    if constexpr (!is_callable_type<F>) {
      return false;
    } else if constexpr (!(travels_as_value<F> || travels_as_bytes<F>)) {
      return false;
    } else if constexpr (!takes<F, Args...>) {
      return false;
    } else if constexpr (std::is_same_v<Serializer, Pickle>) {
      return ((can_travel<Args, Role::argument>()) && ...) && result_passed();
    } else {
      return true;
    }
  }

 private:
  static consteval bool result_passed() {
    using Result = CallResult<F, Args...>;
    if constexpr (std::is_void_v<Result>) {
      return true;
    } else {
      return can_travel<Result, Role::value>();
    }
  }
};

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
  } else {
    Serializer::template dump<Argument>(writer,
                                        Argument(given));  // a built-in array to its pointer, a function likewise
  }
}

}  // namespace detail

/// Fails to compile, with a message that says what is wrong and what to do, unless a call of F with Args can be sent.
template <class F, class... Args>
constexpr void check_call() {
  detail::CallChecks<Pickle, std::decay_t<F>, detail::Sent<Args>...>::check();
}

namespace detail {

// Writes a call whose callable has been looked at, see Captures.
template <class Serializer, class F, class... Args>
void dump_checked_call(Writer& writer, F&& function, Args&&... args) {
  using Function = std::decay_t<F>;
  using Checks = CallChecks<Serializer, Function, Sent<Args>...>;
  Checks::check();
  if constexpr (Checks::passed()) {
    using ThisCall = Call<Serializer, Function, Sent<Args>...>;
    dump_function(writer, reinterpret_cast<std::uintptr_t>(&ThisCall::kind), Target::constant);
    dump_callable<Function>(writer, function);
    (dump_argument<Serializer, Sent<Args>>(writer, args), ...);
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

namespace detail {

// Whether that is what it should be. It may be any constant of the program, also what AddressSanitizer keeps between
// two.
__attribute__((no_sanitize_address)) inline bool is_call_kind(const CallKind* kind) noexcept {
  return kind->number == CallKind::right_number && kind->complement == ~CallKind::right_number;
}

inline const CallKind& load_call_kind(Reader& reader) {
  const std::uintptr_t address = load_function(reader, Target::constant);
  const auto* kind = reinterpret_cast<const CallKind*>(address);
  if (address == 0 || !is_call_kind(kind)) [[unlikely]] {
    reader.refuse("the function that is to run the call is none that this program has for that");
  }
  return *kind;
}

}  // namespace detail

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
