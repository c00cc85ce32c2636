// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/waiter.hpp>

#include <cstddef>
#include <cstring>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0::detail {

template <class T>
using ElementOf = std::remove_cvref_t<decltype(*std::data(std::declval<const T&>()))>;

/// A result whose elements lie one behind the other and are copied as bytes: what `result_into` can take.
template <class T>
concept ContiguousResult =
    requires(const T& result) { std::size(result); } && std::is_trivially_copyable_v<ElementOf<T>>;

/// The memory that a thread in `result_into` waits with. It lies on that thread's stack and hangs in the list of the
/// future's waiters, so that who brings the result finds it before there is a value. That one takes it off the list,
/// from when on the waiting thread leaves it alone; copies; and fires the waiter, as the end of the future fires one
/// that nobody has taken. The waiting thread takes it off itself when it has waited enough; if it is not there any
/// more, it waits until the waiter has been fired, and only then may the memory go.
class ResultDestination {
 public:
  explicit ResultDestination(std::span<std::byte> memory) noexcept : memory_(memory) {
    link_.waiter = &waiter_;
    link_.destination = this;
  }

  WaiterLink& link() noexcept { return link_; }

  // By who has taken it off the list: one of `fill` and `leave`, and nothing after it.
  bool takes(std::size_t size) const noexcept { return size <= memory_.size(); }
  void fill(const std::byte* bytes, std::size_t size) noexcept {
    if (size != 0) std::memcpy(memory_.data(), bytes, size);
    size_ = size;
    filled_ = true;
    leave();
  }
  void leave() noexcept { waiter_.fire(link_, false); }

  /// By who waits, which has not found it on the list any more.
  void wait_until_fired() noexcept {
    while (!waiter_.has_event()) waiter_.sleep((Deadline::max)());
  }
  // After that.
  bool filled() const noexcept { return filled_; }
  std::size_t size() const noexcept { return size_; }

 private:
  const std::span<std::byte> memory_;
  Waiter waiter_{1, false, false};
  WaiterLink link_;
  std::size_t size_ = 0;
  bool filled_ = false;
};

}  // namespace concurrent::futures::inline v0::detail
