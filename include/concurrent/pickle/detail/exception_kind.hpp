// SPDX-License-Identifier: BSL-1.0
// The types of exceptions that cross between processes as themselves.
#pragma once

#include <concurrent/pickle/dumps.hpp>

#include <atomic>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace concurrent::pickle::inline v0 {
namespace detail {

// One known type of exception. `dump` is called while an exception of that type, or of one derived from it, is being
// handled.
struct ExceptionKind {
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

template <class T>
std::exception_ptr make_exception(T&& exception, const std::exception_ptr& cause) {
  if constexpr (std::is_class_v<T> && !std::is_final_v<T> && !std::is_base_of_v<std::nested_exception, T>) {
    if (cause) {
      try {
        std::rethrow_exception(cause);  // nested_exception takes what is being handled, and nothing else
      } catch (...) {
        return std::make_exception_ptr(WithCause<T>(std::move(exception)));
      }
    }
  }
  return std::make_exception_ptr(std::move(exception));
}

// Stands for a class whose constructors take no text, where the text is another than the class's own: it was thrown as
// a class derived from it that is not known here.
template <class T>
class Described : public T {
 public:
  Described(T&& plain_base, std::string what_it_said)
      : T(std::move(plain_base)), what_it_said_(std::move(what_it_said)) {}
  const char* what() const noexcept override { return what_it_said_.c_str(); }

 private:
  std::string what_it_said_;
};

// What a std::system_error was made with: its text without what the constructor adds to it.
inline std::string text_given_to(const std::error_code& code, const std::string& what) {
  const std::string added = code.message();
  if (what == added) return {};
  if (what.size() >= added.size() + 2 && what.ends_with(added) &&
      what.substr(0, what.size() - added.size()).ends_with(": ")) {
    return what.substr(0, what.size() - added.size() - 2);
  }
  return what;
}

template <class T>
constexpr void check_exception() {
  static_assert(Picklable<T> || std::is_constructible_v<T, std::string> ||
                    (std::is_base_of_v<std::exception, T> && std::is_default_constructible_v<T>),
                "concurrent::pickle: this exception can neither be pickled nor made from a std::string. Give it a "
                "constructor that "
                "takes the text of what(), or a function `template <class Archive> void serialize(Archive& archive)`.");
  static_assert(std::is_copy_constructible_v<T>,
                "concurrent::pickle: an exception must be copyable to be thrown again.");
}

// How an exception of type T crosses: by its own pickling, else by its text, else by its type alone. Standard types
// with more content have specialisations.
template <class T>
struct ExceptionForm {
  static void dump(Writer& writer, const T& exception) {
    if constexpr (Picklable<T>) Pickler<T>::dump(writer, exception);
  }
  static std::exception_ptr load([[maybe_unused]] Reader& reader, const std::string& message,
                                 const std::exception_ptr& cause) {
    if constexpr (Picklable<T>) {
      return make_exception<T>(Pickler<T>::load(reader), cause);
    } else if constexpr (std::is_constructible_v<T, std::string>) {
      return make_exception<T>(T(message), cause);
    } else {
      T exception;
      if constexpr (!std::is_final_v<T>) {
        if (message != exception.what()) return make_exception(Described<T>(std::move(exception), message), cause);
      }
      return make_exception<T>(std::move(exception), cause);
    }
  }
};

template <class T>
void dump_handled(Writer& writer) {
  try {
    throw;
  } catch (const T& exception) {
    ExceptionForm<T>::dump(writer, exception);
  }
}

template <class T>
inline constexpr ExceptionKind exception_kind{&typeid(T), &dump_handled<T>, &ExceptionForm<T>::load};

// Types that the program has declared, in a list that grows before main and when libraries are opened.
struct DeclaredException {
  explicit DeclaredException(const ExceptionKind& declared) noexcept;

  const ExceptionKind& kind;
  const DeclaredException* next = nullptr;
};

inline constinit std::atomic<const DeclaredException*> declared_exceptions{nullptr};

inline DeclaredException::DeclaredException(const ExceptionKind& declared) noexcept : kind(declared) {
  next = declared_exceptions.load(std::memory_order_relaxed);
  while (!declared_exceptions.compare_exchange_weak(next, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

template <class T>
struct Declaration {
  static inline const DeclaredException declared{exception_kind<T>};
};

template <class T>
bool declare_exception() noexcept {
  check_exception<T>();
  return Declaration<T>::declared.kind.type != nullptr;  // uses it, so that it exists and is made before main
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
