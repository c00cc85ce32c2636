// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

namespace concurrent::pickle::inline v0::detail {

// As long as this object lives, a null pointer to an object or to a function is refused by a Writer or a Reader.
class RefuseNull {
 public:
  template <class Stream>
  explicit RefuseNull(Stream& stream) noexcept : refused_(stream.null_refused()), before_(refused_) {
    refused_ = true;
  }
  RefuseNull(const RefuseNull&) = delete;
  RefuseNull& operator=(const RefuseNull&) = delete;
  ~RefuseNull() { refused_ = before_; }

 private:
  bool& refused_;
  const bool before_;
};

// Says that here is a null pointer.
template <class Stream>
void found_null(Stream& stream) {
  if (stream.null_refused()) [[unlikely]]
    stream.refuse_null();
}

}  // namespace concurrent::pickle::inline v0::detail
