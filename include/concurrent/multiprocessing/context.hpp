// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/start_method.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {

class Context;
Context get_context();
Context get_context(std::string_view method);

/// How an executor's workers come into being.
///
/// Python: the object that `multiprocessing.get_context()` returns.
class Context {
 public:
  /// As get_context(): what is set for the program, "fork" unless it has been changed.
  Context();

  /// "fork", "forkserver" or "spawn".
  std::string get_start_method() const { return std::string(detail::start_method_name(method_)); }
  /// For executors: the same as a number.
  detail::StartMethod method() const noexcept { return method_; }

  friend bool operator==(const Context&, const Context&) noexcept = default;

 private:
  explicit Context(detail::StartMethod method) noexcept : method_(method) {}
  friend Context get_context(std::string_view);
  detail::StartMethod method_;
};

namespace detail {

inline std::atomic<StartMethod>& program_start_method() noexcept {
  static std::atomic<StartMethod> method{StartMethod::fork};
  return method;
}

}  // namespace detail

/// The start methods of this system, the default first.
inline std::vector<std::string> get_all_start_methods() {
  std::vector<std::string> names;
  names.reserve(detail::available_start_methods.size());
  for (const auto method : detail::available_start_methods) names.emplace_back(detail::start_method_name(method));
  return names;
}

/// The context of one start method.
/// Throws: std::invalid_argument for a name that is none.
inline Context get_context(std::string_view method) {
  for (const auto known : detail::available_start_methods) {
    if (detail::start_method_name(known) == method) return Context(known);
  }
  throw std::invalid_argument("concurrent::multiprocessing: cannot find a start method named \"" + std::string(method) +
                              "\". Use \"fork\", \"forkserver\" or \"spawn\".");
}

/// What get_context() and new executors use: "fork" unless set_start_method has changed it.
inline std::string get_start_method() {
  return std::string(detail::start_method_name(detail::program_start_method().load()));
}

/// Changes what new executors use by default. May be called more than once.
/// Throws: std::invalid_argument for a name that is none.
inline void set_start_method(std::string_view method) { detail::program_start_method() = get_context(method).method(); }

/// The one that is set for the program: "fork", unless set_start_method has changed it.
inline Context get_context() { return Context(); }
inline Context::Context() : method_(detail::program_start_method().load()) {}

}  // namespace concurrent::multiprocessing::inline v0
