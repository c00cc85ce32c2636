// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <type_traits>

namespace concurrent::pickle::inline v0 {

/// What a `serialize` or `save` function of a program's own type is given to write with: `archive(a, b, c)`, or
/// `archive & a & b & c`, or `archive << a`. The same function reads when it is given an InputArchive, so a type says
/// once what it consists of.
class OutputArchive {
 public:
  using is_saving = std::true_type;    ///< as Boost.Serialization has it
  using is_loading = std::false_type;  ///< as Boost.Serialization has it

  /// Appends to what the writer holds.
  explicit OutputArchive(Writer& writer) noexcept : writer_(writer) {}

  /// Writes each value in turn.
  template <class... Ts>
  OutputArchive& operator()(const Ts&... values);

  /// Writes one value.
  template <class T>
  OutputArchive& operator&(const T& value) {
    return (*this)(value);
  }
  /// Writes one value.
  template <class T>
  OutputArchive& operator<<(const T& value) {
    return (*this)(value);
  }

  /// For bytes as they are.
  Writer& writer() noexcept { return writer_; }

 private:
  Writer& writer_;
};

/// What a `serialize` or `load` function of a program's own type is given to read with, see OutputArchive.
class InputArchive {
 public:
  using is_saving = std::false_type;  ///< as Boost.Serialization has it
  using is_loading = std::true_type;  ///< as Boost.Serialization has it

  /// Goes on where the reader is.
  explicit InputArchive(Reader& reader) noexcept : reader_(reader) {}

  /// Reads each value in turn.
  template <class... Ts>
  InputArchive& operator()(Ts&&... values);

  /// Reads one value.
  template <class T>
  InputArchive& operator&(T&& value) {
    return (*this)(value);
  }
  /// Reads one value.
  template <class T>
  InputArchive& operator>>(T&& value) {
    return (*this)(value);
  }

  /// For bytes as they are.
  Reader& reader() noexcept { return reader_; }

 private:
  Reader& reader_;
};

}  // namespace concurrent::pickle::inline v0
