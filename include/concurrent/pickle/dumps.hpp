// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/check.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/values.hpp>

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Values, callables and exceptions to bytes and back. Python: pickle.
namespace concurrent::pickle::inline v0 {

/// Whether a value of type `T` can go to another process and back: whether dumps and loads<T> compile.
template <class T>
concept Picklable = detail::find_refusal<T, detail::Role::value>().reason == detail::Refusal::none;

namespace detail {

// A writer whose memory is a vector that grows.
class VectorWriter : public Writer {
 public:
  explicit VectorWriter(std::size_t first_size = 256) : Writer(nullptr, nullptr, &grow), bytes_(first_size) {
    rebase(bytes_.data(), bytes_.data() + bytes_.size());
  }

  std::vector<std::byte> take() {
    bytes_.resize(size());
    return std::move(bytes_);
  }

 private:
  static void grow(Writer& writer, std::size_t needed) {
    auto& self = static_cast<VectorWriter&>(writer);
    self.bytes_.resize(grown_size(self.size(), needed));
    self.rebase(self.bytes_.data(), self.bytes_.data() + self.bytes_.size());
  }

  std::vector<std::byte> bytes_;
};

/// Appends a value. Compile error: as dumps.
template <class T>
void dump_value(Writer& writer, const T& value) {
  check_value<T, Role::argument>();
  if constexpr (can_travel<T, Role::argument>()) Pickler<std::remove_cv_t<T>>::dump(writer, value);
}

}  // namespace detail

/// Returns the bytes of a value, for `loads<T>` in this process or in another one of the same program.
///
/// Throws: PicklingError; what the type's own functions throw.
/// Compile error: the type, or a part of it, cannot be pickled; the message names the part and what to use instead.
/// Python: `pickle.dumps`.
template <class T>
std::vector<std::byte> dumps(const T& value) {
  detail::VectorWriter writer;
  detail::dump_value(writer, value);
  return writer.take();
}

/// Returns the value of which `dumps` made the bytes. Never reads past them and never allocates more than they justify.
///
/// Throws: UnpicklingError if they are not the bytes of a T, all of them; what the type's own functions throw.
/// Compile error: the type, or a part of it, cannot be pickled or would point into the bytes.
/// Python: `pickle.loads`, which the bytes of a stranger can make do anything; this one they cannot.
template <class T>
T loads(std::span<const std::byte> bytes) {
  detail::check_value<T, detail::Role::value>();
  if constexpr (Picklable<T>) {
    Reader reader(bytes);
    T value = Pickler<std::remove_cv_t<T>>::load(reader);
    if (reader.remaining() != 0) reader.refuse(std::to_string(reader.remaining()) + " bytes are left over");
    return value;
  } else {
    std::terminate();
  }
}

/// The default Serializer of the executors. Another one is a type with these two functions.
struct Pickle {
  /// As pickle::dump.
  template <class T>
  static void dump(Writer& writer, const T& value) {
    pickle::dump(writer, value);
  }
  /// As pickle::load.
  template <class T>
  static T load(Reader& reader) {
    return pickle::load<T>(reader);
  }
};

}  // namespace concurrent::pickle::inline v0
