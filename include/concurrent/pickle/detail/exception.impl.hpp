// SPDX-License-Identifier: BSL-1.0
// What an exception's bytes are: the name of its type and its text, what is nested in it, the name and place of the
// known type that stands for it, and what that one's form adds.
#pragma once

#include <concurrent/pickle/detail/base_classes.hpp>
#include <concurrent/pickle/detail/cxxabi.hpp>
#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/detail/exception_kind.hpp>
#include <concurrent/pickle/detail/exception_lookup.impl.hpp>
#include <concurrent/pickle/detail/late_exceptions.hpp>
#include <concurrent/pickle/detail/module.impl.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/standard_exceptions.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/remote_traceback.hpp>

#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <sys/types.h>

namespace concurrent::pickle::inline v0 {
namespace detail {

// The type that the program threw, without what std::throw_with_nested, or crossing to this process, wrapped it in.
inline const std::type_info& unwrapped(const std::type_info& type) {
  const std::string name = readable(type.name());
  if (name.starts_with("std::_Nested_exception<") || name.starts_with("concurrent::pickle::detail::WithCause<") ||
      name.starts_with("concurrent::pickle::detail::Described<")) {
    const std::type_info* first = nullptr;
    visit_bases(type, [&](const std::type_info& base) {
      if (first == nullptr) first = &base;
    });
    if (first != nullptr) return unwrapped(*first);
  }
  return type;  // NOLINT(bugprone-return-const-ref-from-parameter): of an object that lives on
}

// The first known type among those that are so many steps above one. `more`: there are some that are further up.
inline const ExceptionKind* exception_kind_above(const std::type_info& type, int steps, bool& more) {
  if (steps == 0) {
    visit_bases(type, [&](const std::type_info&) { more = true; });
    return find_exception_kind(type);
  }
  const ExceptionKind* found = nullptr;
  visit_bases(type, [&](const std::type_info& base) {
    if (found == nullptr) found = exception_kind_above(base, steps - 1, more);
  });
  return found;
}

// The nearest known type to one: itself, else a base of it, the nearer the better.
inline const ExceptionKind* nearest_exception_kind(const std::type_info& type) {
  bool more = true;
  for (int steps = 0; more; ++steps) {
    more = false;
    if (const ExceptionKind* kind = exception_kind_above(type, steps, more)) return kind;
  }
  return nullptr;
}

// What is known of the exception that is being handled.
struct HandledException {
  const std::type_info* type = nullptr;  // null for what no C++ program threw
  std::string type_name = "unknown exception";
  std::string message;
  std::exception_ptr cause;
};

template <class... Numbers>
bool describe_number(std::string& message) {
  const auto describe = [&]<class T>(const T*) {
    try {
      throw;
    } catch (const T& value) {
      message = std::to_string(value);
      return true;
    } catch (...) {
      return false;
    }
  };
  return (describe(static_cast<const Numbers*>(nullptr)) || ...);
}

inline HandledException describe_handled() {
  HandledException handled;
  if (const std::type_info* type = concurrent_futures_handled_type()) {
    handled.type = &unwrapped(*type);
    handled.type_name = readable(handled.type->name());
  }
  try {
    throw;
  } catch (const std::nested_exception& nested) {
    handled.cause = nested.nested_ptr();
  } catch (...) {
  }
  try {
    throw;
  } catch (const std::exception& exception) {
    handled.message = text_of(exception);
  } catch (const std::string& text) {
    handled.message = text;
  } catch (const char* text) {
    handled.message = text == nullptr ? "" : text;
  } catch (...) {
    describe_number<int, unsigned, long, unsigned long, long long, unsigned long long, double, float, char, bool>(
        handled.message);
  }
  return handled;
}

inline void dump_handled_exception(Writer& writer) {
  const HandledException handled = describe_handled();
  Pickler<std::string>::dump(writer, handled.type_name);
  Pickler<std::string>::dump(writer, handled.message);
  dump_exception_at(writer, handled.cause);
  const ExceptionKind* kind = handled.type == nullptr ? nullptr : nearest_exception_kind(*handled.type);
  if (kind == nullptr) {
    Pickler<std::string>::dump(writer, {});
    return;
  }
  const std::size_t start = writer.size();
  try {
    Pickler<std::string>::dump(writer, kind->type->name());
    writer.put(place_of(kind));
    const std::size_t size_at = writer.size();
    writer.put(std::uint64_t{0});
    const std::size_t content_at = writer.size();
    if (kind->dump != nullptr) kind->dump(writer);
    const std::uint64_t size = writer.size() - content_at;
    std::memcpy(writer.data() + size_at, &size, sizeof(size));
  } catch (...) {
    // Its own function to pickle it failed. That must not hide that it was thrown, so it goes as its type's name and
    // text.
    writer.truncate(start);
    Pickler<std::string>::dump(writer, {});
  }
}

CONCURRENT_FUTURES_INLINE void dump_exception_at(Writer& writer, const std::exception_ptr& exception) {
  const Depth depth(writer);
  dump_flag(writer, exception != nullptr);
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    dump_handled_exception(writer);
  }
}

struct LoadedException {
  std::string type_name;
  std::string message;
  std::exception_ptr cause;
};

// `wrap(description)` returns what is to be nested in the exception.
template <class Wrap>
std::exception_ptr load_exception_with(Reader& reader, Wrap&& wrap) {
  const Depth depth(reader);
  if (!load_flag(reader, "an exception")) return nullptr;
  LoadedException loaded;
  loaded.type_name = Pickler<std::string>::load(reader);
  loaded.message = Pickler<std::string>::load(reader);
  loaded.cause = load_exception_at(reader);
  const std::string name = Pickler<std::string>::load(reader);
  const std::string text = loaded.message.empty() ? loaded.type_name : loaded.type_name + ": " + loaded.message;
  const std::string message = loaded.message;
  const std::exception_ptr cause = wrap(std::move(loaded));
  if (name.empty()) return make_exception(RemoteError(text), cause);

  const auto place = reader.get<Place>();
  const std::size_t size = reader.get_count(1);
  const std::size_t end = reader.position() + size;
  const ExceptionKind* kind = find_exception_kind(name, place);
  if (kind == nullptr) {  // known to a library that is loaded there and not here
    reader.view(size);
    return make_exception(RemoteError(text), cause);
  }
  std::exception_ptr exception = kind->load(reader, message, cause);
  if (reader.position() != end) [[unlikely]]
    reader.refuse("an exception of type " + readable(kind->type->name()) + " has another size");
  return exception;
}

CONCURRENT_FUTURES_INLINE void check_known_exception(const std::type_info& type) {
  if (find_exception_kind(type) != nullptr) return;
  throw PicklingError("concurrent::pickle: " + readable(type.name()) +
                      " is an exception that is not declared, and would arrive as another type. Declare it with "
                      "CONCURRENT_FUTURES_EXCEPTION, at namespace scope.");
}

CONCURRENT_FUTURES_INLINE void refuse_exception(Reader& reader, const std::type_info& wanted) {
  reader.refuse("an exception is no " + readable(wanted.name()));
}

CONCURRENT_FUTURES_INLINE void refuse_text(Reader& reader, const std::type_info& wanted, const std::string& text) {
  reader.refuse("a value of type " + readable(wanted.name()) + " cannot say \"" + text +
                "\" here: give it a function serialize and a default constructor");
}

CONCURRENT_FUTURES_INLINE std::exception_ptr load_exception_at(Reader& reader) {
  return load_exception_with(reader, [](LoadedException&& loaded) { return std::move(loaded.cause); });
}

}  // namespace detail

CONCURRENT_FUTURES_INLINE std::exception_ptr load_exception(Reader& reader, std::string worker_name, pid_t pid,
                                                            std::string task) {
  return detail::load_exception_with(reader, [&](detail::LoadedException&& loaded) {
    return detail::make_exception(RemoteTraceback(std::move(worker_name), pid, std::move(loaded.type_name),
                                                  std::move(loaded.message), std::move(task)),
                                  loaded.cause);
  });
}

CONCURRENT_FUTURES_INLINE std::string exception_type_name(const std::exception_ptr& exception) {
  if (!exception) return "no exception";
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    const std::type_info* type = detail::concurrent_futures_handled_type();
    return type == nullptr ? "unknown exception" : detail::readable(detail::unwrapped(*type).name());
  }
}

}  // namespace concurrent::pickle::inline v0
