// SPDX-License-Identifier: BSL-1.0
#include "concurrent/multiprocessing/spelled_in_full.hpp"

#include <deque>
#include <memory>

namespace {
using InFull = std::deque<int, std::allocator<int>>;  // before anybody has said it in short
InFull unused;
}  // namespace

#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/pickle/dumps.hpp>

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

int support::first_of_queue(const std::vector<std::byte>& bytes) {
  return pickle::loads<mp::Queue<InFull>>(bytes).get().front();
}
int support::first_of_list(const std::vector<std::byte>& bytes) {
  static_cast<void>(unused);
  return pickle::loads<mp::ListProxy<int>>(bytes).at(0);
}
