// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/stack.hpp>

namespace concurrent::pickle::inline v0::detail {

// One level of nesting of a value, for as long as this object lives. `Stream` is a Writer or a Reader; refuse_depth()
// is its way to say that there is no room for another level.
template <class Stream>
class Depth {
 public:
  explicit Depth(Stream& stream) : level_(stream.depth()) {
    if (level_ >= unchecked_levels && !may_recurse(level_)) [[unlikely]]
      stream.refuse_depth();
    ++level_;
  }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;
  ~Depth() { --level_; }

 private:
  static constexpr int unchecked_levels = 200;  // fits any usual stack, so that ordinary values pay one comparison

  int& level_;
};

}  // namespace concurrent::pickle::inline v0::detail
