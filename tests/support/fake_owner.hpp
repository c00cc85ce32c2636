// SPDX-License-Identifier: BSL-1.0
// The smallest executor that there can be: the owner of futures that a test resolves itself. It says what it was asked,
// and answers as it is told.
#pragma once

#include <atomic>
#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <cstdint>
#include <functional>

namespace support {

namespace detail = concurrent::futures::detail;

class FakeOwner;

/// As an executor makes it: a future's state that is its owner's call, too.
template <class R>
class OwnedState final : public detail::FutureState<R>, public detail::OwnedCall {
 public:
  explicit OwnedState(detail::FutureOwner& owner) noexcept : detail::FutureState<R>(&owner) {}
  detail::FutureStateBase& state() noexcept override { return *this; }

 protected:
  const detail::OwnedCall* owned_call() const noexcept override { return this; }
};

class FakeOwner final : public detail::FutureOwner {
 public:
  /// `destroyed` is set when nobody has a reference any more.
  explicit FakeOwner(bool* destroyed = nullptr) noexcept : destroyed_(destroyed) {}

  bool lets_go = true;
  bool is_taken = false;
  bool stops = false;
  bool can_ask = false;
  std::uint64_t progress = 0;
  std::function<void()> when_pumped = [] {};
  std::function<void()> when_parked = [] {};

  const detail::OwnedCall* asked_about = nullptr;
  std::atomic<int> pumped{0};
  std::atomic<int> parked{0};

  bool withdraw(detail::OwnedCall& call) noexcept override { return answer(call, lets_go); }
  bool taken(const detail::OwnedCall& /*call*/) noexcept override { return is_taken; }
  bool stop(detail::OwnedCall& call) noexcept override { return answer(call, stops); }
  bool ask_to_stop(detail::OwnedCall& call) noexcept override { return answer(call, can_ask); }
  void read_progress(detail::OwnedCall& call, std::uint64_t& done, std::uint64_t& /*total*/) noexcept override {
    if (answer(call, progress != 0)) done = progress;
  }
  bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, detail::Deadline /*deadline*/) override {
    ++pumped;
    when_pumped();
    return word.load() != old;
  }
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, detail::Deadline deadline) override {
    ++parked;
    when_parked();
    return concurrent::multiprocessing::detail::futex_wait(word, value, deadline);
  }

 private:
  bool answer(const detail::OwnedCall& call, bool yes) noexcept {
    asked_about = &call;
    return yes;
  }
  void destroy() noexcept override {
    if (destroyed_ != nullptr) *destroyed_ = true;
    delete this;
  }

  bool* destroyed_;
};

}  // namespace support
