// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/manager_link.impl.hpp>
#include <concurrent/multiprocessing/detail/manager_server.hpp>
#include <concurrent/multiprocessing/detail/proxy_base.hpp>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

CONCURRENT_FUTURES_INLINE ProxyState::~ProxyState() {
  if (!link_) return;
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (generation == 0 || generation != link_->generation()) return;  // no share, or a parent's
  link_->release(object_, sent_.load(std::memory_order_relaxed));
}

inline bool ProxyState::adopt(const SharedId& sender) {
  return run_in_server<&adopt_managed_object>(*link_, ManagedKey{object_}, type_, sender);
}

inline void ProxyState::take_part() {
  const std::uint32_t now = link_->generation();
  std::uint32_t then = generation_.load(std::memory_order_acquire);
  if (then == now) return;
  if (!adopt(SharedId{})) {
    throw RuntimeError(
        "concurrent::multiprocessing: the object of this proxy is gone: the process that had forked this one let go of "
        "it. Keep it there until each child has used its own.");
  }
  if (!generation_.compare_exchange_strong(then, now)) return link_->release(object_, 0);  // another thread did as well
  sent_.store(0);
}

CONCURRENT_FUTURES_INLINE std::unique_ptr<ManagerAnswer> ProxyState::call(std::span<const std::byte> request) {
  if (!link_) {
    throw RuntimeError(
        "concurrent::multiprocessing: a proxy is used inside of the server of its manager, where a call that waits for "
        "another one could wait for ever. Pass on the proxy, or what it would yield.");
  }
  take_part();
  return link_->call(request);
}

CONCURRENT_FUTURES_INLINE void ProxyState::dump(pickle::Writer& writer) {
  SharedId sender{};
  if (local_) {
    keep_for_answer(local_);
  } else {
    try {
      take_part();
      sent_.fetch_add(1, std::memory_order_relaxed);
      sender = link_->session();
    } catch (const ManagerDied&) {  // it travels all the same, and says so when it is used
    }
  }
  writer.put(manager_.id);
  writer.put(manager_.pid);
  writer.put(object_);
  writer.put(type_);
  writer.put(sender);
}

CONCURRENT_FUTURES_INLINE std::shared_ptr<ProxyState> ProxyState::load(pickle::Reader& reader, std::uint64_t type) {
  ManagerId manager;
  for (std::uint64_t& word : manager.id) word = reader.get_once<std::uint64_t>();
  manager.pid = reader.get_once<std::int32_t>();
  const auto object = reader.get_once<std::uint64_t>();
  if (reader.get_once<std::uint64_t>() != type) reader.refuse("the proxy is of an object of another type");
  SharedId sender{};
  for (std::uint64_t& word : sender) word = reader.get_once<std::uint64_t>();
  const auto refuse_gone = [&] {
    throw pickle::UnpicklingError(
        "concurrent::multiprocessing: the object of a proxy is gone from process " + std::to_string(manager.pid) +
        ", its manager's: the process that sent it has ended, and nobody else has a handle. Keep one until it has "
        "arrived.");
  };
  if (is_server_of(manager)) {
    auto local = load_managed_object(object, type, sender);
    if (!local) refuse_gone();
    return std::make_shared<ProxyState>(manager, std::move(local));
  }
  std::shared_ptr<ProxyState> state(new ProxyState(ManagerLink::find(manager), object, type, Dead{}));
  try {
    const std::uint32_t generation = state->link_->generation();
    if (!state->adopt(sender)) refuse_gone();
    state->generation_.store(generation);
  } catch (const ManagerDied&) {  // whoever uses it hears of that
  }
  return state;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
