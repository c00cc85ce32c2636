// SPDX-License-Identifier: BSL-1.0
// The tasks that a trace has seen submitted and not ended, found by their address.
#pragma once

#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/pickle/detail/golden_ratio.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0::detail {

/// A task that is on its way.
struct TracedTask {
  const void* task;
  std::uint64_t id;
  std::string name;  // as JSON
  TraceThread by;
  std::int64_t submitted;
  bool was_queued = false;  // its time in the queue has been noted
  pickle::detail::UniquePointer<TracedTask> next = nullptr;
};

/// Finds them by their address. The standard's tables would cost every include of the library as much as all of this
/// file.
class TracedTasks {
 public:
  using Link = pickle::detail::UniquePointer<TracedTask>;

  /// Null: there is none.
  Link& find(const void* task) {
    Link* link = &chain(task);
    while (*link != nullptr && (*link)->task != task) link = &(*link)->next;
    return *link;
  }
  void add(TracedTask task) {
    if (size_ == chains_.size()) grow();
    Link& first = chain(task.task);
    auto added = pickle::detail::UniquePointer<TracedTask>::make(std::move(task));
    added->next = std::move(first);
    first = std::move(added);
    ++size_;
  }
  void erase(Link& link) noexcept {
    link = std::exchange(link->next, nullptr);
    --size_;
  }

 private:
  Link& chain(const void* task) noexcept {
    return chains_[(reinterpret_cast<std::uintptr_t>(task) * pickle::detail::golden_ratio >> 32) &
                   (chains_.size() - 1)];
  }
  void grow() {
    std::vector<Link> old(2 * chains_.size());
    old.swap(chains_);
    for (Link& first : old) {
      while (first != nullptr) {
        Link moved = std::exchange(first, std::move(first->next));
        Link& to = chain(moved->task);
        moved->next = std::move(to);
        to = std::move(moved);
      }
    }
  }

  std::vector<Link> chains_{std::vector<Link>(64)};  // a power of two
  std::size_t size_ = 0;
};

}  // namespace concurrent::futures::inline v0::detail
