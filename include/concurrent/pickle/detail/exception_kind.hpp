// SPDX-License-Identifier: BSL-1.0
// The types of exceptions that cross between processes as themselves.
#pragma once

#include <concurrent/pickle/detail/exception_base.hpp>
#include <concurrent/pickle/detail/exception_text.hpp>
#include <concurrent/pickle/detail/module.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/errors.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// One known type of exception, a constant of the program or library that knows it, which is believed as a CallKind is.
// `dump` is called while an exception of that type, or of one derived from it, is being handled.
struct ExceptionKind {
  static constexpr std::uint64_t right_number = 0x70656378'31667563u;

  std::uint64_t number;
  std::uint64_t complement;
  const std::type_info* type;
  void (*dump)(Writer& writer);
  std::exception_ptr (*load)(Reader& reader, const std::string& message, const std::exception_ptr& cause);
};

// An exception with another one nested in it, as std::throw_with_nested makes.
template <class T>
class WithCause : public T, public std::nested_exception {
 public:
  explicit WithCause(T&& thrown_alone) : T(std::move(thrown_alone)) {}
};

// Throws and catches, which compiles in a fraction of the time that std::make_exception_ptr takes, and that matters for
// a header with thirty types of exceptions.
template <class T>
std::exception_ptr make_exception(T&& exception, const std::exception_ptr& cause) {
  try {
    if constexpr (std::is_base_of_v<std::nested_exception, T>) {
      if (cause) {
        try {
          std::rethrow_exception(cause);
        } catch (...) {
          static_cast<std::nested_exception&>(exception) = std::nested_exception();  // takes what is being handled
        }
      }
    } else if constexpr (std::is_class_v<T> && !std::is_final_v<T>) {
      if (cause) {
        try {
          std::rethrow_exception(cause);
        } catch (...) {
          throw WithCause<T>(static_cast<T&&>(exception));
        }
      }
    }
    throw static_cast<T&&>(exception);
  } catch (...) {
    return std::current_exception();
  }
}

template <class T, class... Listed>
inline constexpr bool is_one_of = (std::is_same_v<T, Listed> || ...);

// Whether a class adds no data to the standard's class that it derives from, so that its type alone tells all but the
// text.
template <class T>
inline constexpr bool has_no_content =
    std::is_default_constructible_v<T> && std::is_base_of_v<std::exception, T> &&
    (sizeof(T) == sizeof(std::exception) ||
     (sizeof(T) == sizeof(std::runtime_error) && std::is_base_of_v<std::runtime_error, T>) ||
     (sizeof(T) == sizeof(std::logic_error) && std::is_base_of_v<std::logic_error, T>));

template <class T>
inline constexpr bool has_functions_of_its_own = customisation_of<T>() != Customisation::none;

// Whether a program's exception says how it pickles.
template <class T>
inline constexpr bool pickles_by_itself =
    Picklable<T> && (has_own_pickler<T> || kind_of<T>() != Kind::exception || has_functions_of_its_own<T>);

template <class T>
constexpr void check_exception() {
  static_assert(pickles_by_itself<T> || std::is_constructible_v<T, std::string> || has_no_content<T>,
                "concurrent::pickle: this exception can neither be pickled nor made from a std::string. Give it a "
                "constructor that takes the text of what(), or a function `template <class Archive> void "
                "serialize(Archive& archive)`; for one of a library specialise concurrent::pickle::Pickler.");
  static_assert(pickles_by_itself<T> || !std::is_constructible_v<T, std::string> || adds_nothing_to_standard_base<T>(),
                "concurrent::pickle: this exception holds more than the text of what(), which would be lost. Give it a "
                "function `template <class Archive> void serialize(Archive& archive) { archive(a, b, c); }` for its "
                "own members, and a default constructor; its text travels with it. For one of a library specialise "
                "concurrent::pickle::Pickler.");
  static_assert(std::is_copy_constructible_v<T>,
                "concurrent::pickle: an exception must be copyable to be thrown again.");
}

// What arrives: the exception, or where it says something else than what was thrown did, one that says the same.
template <class T>
std::exception_ptr make_arrived(T&& exception, const std::string& message, const std::exception_ptr& cause) {
  if constexpr (has_standard_what<T>()) {
    if (message != detail::text_of(exception))
      return make_exception<Described<T>>(Described<T>(static_cast<T&&>(exception), message), cause);
  }
  return make_exception<T>(static_cast<T&&>(exception), cause);
}

// Whether what() is always the text that the exception was made from. Nothing else can arrive then, and the half of
// what would have to be compiled for each type is not.
template <class T>
inline constexpr bool keeps_its_text =
    is_one_of<T, std::runtime_error, std::range_error, std::overflow_error, std::underflow_error, std::logic_error,
              std::domain_error, std::invalid_argument, std::length_error, std::out_of_range, PicklingError,
              UnpicklingError>;

// The forms in which exceptions cross. First, by the text of what().
template <class T>
struct ByText {
  static constexpr void (*dump)(Writer&) = nullptr;  // the text is in the message already
  static std::exception_ptr load(Reader&, const std::string& message, const std::exception_ptr& cause) {
    if constexpr (keeps_its_text<T>) {
      return make_exception<T>(T(message), cause);
    } else if constexpr (std::is_base_of_v<std::exception, T>) {
      T exception(message);
      if (message == detail::text_of(exception)) return make_exception<T>(static_cast<T&&>(exception), cause);
      return make_arrived<T>(make_from_part(message, std::string(detail::text_of(exception))), message, cause);
    } else {
      return make_exception<T>(T(message), cause);
    }
  }

 private:
  // The constructor adds something to what it is given, before or after it, and has done so before.
  static T make_from_part(const std::string& message, const std::string& longer) {
    const std::size_t at = longer.find(message);
    if (at == std::string::npos || longer.size() > 2 * message.size()) return T(message);
    T exception(message.substr(at, 2 * message.size() - longer.size()));
    return message == detail::text_of(exception) ? exception : T(message);
  }
};

// By its type alone: what() says the same for all of that type.
template <class T>
struct ByType {
  static constexpr void (*dump)(Writer&) = nullptr;
  static std::exception_ptr load(Reader&, const std::string& message, const std::exception_ptr& cause) {
    T exception;
    if constexpr (!std::is_final_v<T>) {
      if (message != detail::text_of(exception)) {
        return make_exception<Described<T>>(Described<T>(static_cast<T&&>(exception), message), cause);
      }
    }
    return make_exception<T>(static_cast<T&&>(exception), cause);
  }
};

// By content, which Codec::dump_content(writer, exception) writes.
template <class T, class Codec>
struct ByContent {
  static void dump(Writer& writer) {
    try {
      throw;
    } catch (const T& exception) {
      Codec::dump_content(writer, exception);
    }
  }
};

template <class T>
struct ByPickling : ByContent<T, ByPickling<T>> {
  // Of its own functions its Pickler knows, and of the base; a Pickler of the program's own knows nothing of that.
  static constexpr bool apart = has_own_pickler<T> || kind_of<T>() != Kind::exception;
  static void dump_content(Writer& writer, const T& exception) {
    Pickler<T>::dump(writer, exception);
    if constexpr (apart) dump_standard_base(writer, exception);
  }
  static std::exception_ptr load(Reader& reader, const std::string& message, const std::exception_ptr& cause) {
    T exception = Pickler<T>::load(reader);
    if constexpr (apart) load_standard_base(reader, exception);
    return make_arrived<T>(static_cast<T&&>(exception), message, cause);
  }
};

template <class T>
consteval auto choose_exception_form() {
  if constexpr (pickles_by_itself<T>) {
    return static_cast<ByPickling<T>*>(nullptr);
  } else if constexpr (std::is_constructible_v<T, std::string>) {
    return static_cast<ByText<T>*>(nullptr);
  } else {
    return static_cast<ByType<T>*>(nullptr);
  }
}

template <class T, class Codec>
inline constexpr ExceptionKind exception_kind{ExceptionKind::right_number, ~ExceptionKind::right_number, &typeid(T),
                                              Codec::dump, &Codec::load};

// Types that the program has declared, in a list that grows before main and when libraries are opened.
struct DeclaredException {
  explicit DeclaredException(const ExceptionKind& declared) noexcept;

  const ExceptionKind& kind;
  const DeclaredException* next = nullptr;
};

inline constinit std::atomic<const DeclaredException*> declared_exceptions{nullptr};

inline DeclaredException::DeclaredException(const ExceptionKind& declared) noexcept : kind(declared) {
  keep_loaded(this);
  next = declared_exceptions.load(std::memory_order_relaxed);
  while (!declared_exceptions.compare_exchange_weak(next, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

template <class T>
struct Declaration {
  using Codec = std::remove_pointer_t<decltype(choose_exception_form<T>())>;
  static inline const DeclaredException declared{exception_kind<T, Codec>};
};

template <class T>
bool declare_exception() noexcept {
  check_exception<T>();
  // Always so; it uses the object, which therefore exists and is made before main, perhaps after this runs.
  return Declaration<T>::declared.next != &Declaration<T>::declared;
}

}  // namespace concurrent::pickle::inline v0::detail
