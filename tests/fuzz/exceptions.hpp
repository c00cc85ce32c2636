// SPDX-License-Identifier: BSL-1.0
// Exceptions of every kind, as bytes.
#pragma once

#include <concurrent/pickle.hpp>

#include <cstddef>
#include <exception>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace fuzz {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Coded : std::exception {
  int code = 0;
  std::vector<std::string> notes;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, notes);
  }
};

// With members of its own, and the text and the code in its base.
struct Located : std::system_error {
  int line = 0;
  Located() : std::system_error(std::error_code()) {}
  Located(int number, int at) : std::system_error(number, std::generic_category(), "read"), line(at) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(line);
  }
};

CONCURRENT_FUTURES_EXCEPTION(Failure);
CONCURRENT_FUTURES_EXCEPTION(Located);
CONCURRENT_FUTURES_EXCEPTION(Coded);

template <class Throw>
std::vector<std::byte> pickled(Throw&& throws) {
  try {
    throws();
  } catch (...) {
    concurrent::pickle::detail::VectorWriter writer;
    concurrent::pickle::dump_exception(writer, std::current_exception());
    return writer.take();
  }
  return {};
}

inline std::vector<std::vector<std::byte>> exceptions() {
  return {
      pickled([] { throw std::runtime_error("wrong"); }),
      pickled([] { throw std::bad_alloc(); }),
      pickled([] { throw std::system_error(2, std::generic_category(), "open"); }),
      pickled([] {
        throw std::filesystem::filesystem_error("copy", "/a", "/b", std::error_code(13, std::system_category()));
      }),
      pickled([] { throw Failure("mine"); }),
      pickled([] { throw Coded(); }),
      pickled([] { throw Located(5, 7); }),
      pickled([] { throw 42; }),
      pickled([] {
        try {
          throw std::logic_error("inner");
        } catch (...) {
          std::throw_with_nested(Failure("outer"));
        }
      }),
  };
}

// Reads what may be an exception. What is none must be answered with an UnpicklingError.
inline void read_exception(std::span<const std::byte> bytes) {
  concurrent::pickle::Reader reader(bytes);
  try {
    static_cast<void>(concurrent::pickle::load_exception(reader, "ForkProcess-1", 1, "task()"));
  } catch (const concurrent::pickle::UnpicklingError&) {
  }
}

}  // namespace fuzz
