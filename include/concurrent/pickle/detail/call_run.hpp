// SPDX-License-Identifier: BSL-1.0
// The worker's half of a call: makes the arguments out of the bytes, calls, and pickles the result.
#pragma once

#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/call_kind.hpp>
#include <concurrent/pickle/detail/callable_name.hpp>
#include <concurrent/pickle/detail/in_place.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/function.hpp>
#include <concurrent/pickle/phase.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

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
    static_cast<void>(((text += ArgumentName<Args>::text() + ", "), ...));
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
    F function = detail::load_callable<F>(reader);
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
    F function = detail::load_callable<F>(reader);
    auto arguments = Loaded::load(reader);
    finish_loading(reader, phase);
    return arguments.pass_to(std::move(function));
  }
};

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

}  // namespace concurrent::pickle::inline v0::detail
