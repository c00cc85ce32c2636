// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/shared_event.hpp>

#include <string>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What the server of a Manager has to know. Travels as the argument of its call.
struct ManagerOrders {
  SharedId id{};
  SharedId secret{};  // who knows it may tell the server to end
  std::string name;
  Event ready;  // set when clients can connect
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
