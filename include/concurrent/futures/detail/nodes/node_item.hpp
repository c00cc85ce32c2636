// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/nodes/message.hpp>
#include <concurrent/futures/detail/pool/intrusive_list.hpp>
#include <concurrent/futures/task_options.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstdint>
#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A call on its way through a pool over several nodes. All but the constant members belong to the pool's lock.
class NodeItem : public OwnedCall {
 public:
  /// `gone`: the pool has done with it, but for publishing its outcome.
  enum class Location : std::uint8_t { none, waiting, sent, gone };
  /// What has become of a cancel() that asked the node.
  enum class Answer : std::uint8_t { none, awaited, given_back, kept };

  /// Unpickles the result into the future. Throws what unpickling throws.
  virtual CallbackList load(pickle::Reader& reader) = 0;

  NodeItem* next = nullptr;
  NodeItem* previous = nullptr;
  std::uint64_t ticket = 0;  // while a node has it
  Bytes bytes;
  pickle::detail::UniquePointer<TaskOptions> options;
  pickle::Writer::Kept kept;
  std::size_t node = 0;  // which has it
  int retries_left = 0;
  std::uint64_t done = 0;  // what its task has said of its progress
  std::uint64_t total = 0;
  Location location = Location::none;
  Answer answer = Answer::none;
  bool begun = false;            // a worker has taken it, as far as the node has told
  bool stopped_by_user = false;  // terminate() has returned true
  bool stop_requested = false;   // its node has been told
  bool asked_back = false;       // by a shutdown that cancels, and its node has not answered
  bool traced = false;           // its trace knows it
  bool counted = false;          // as cancelled, by who took it back, who has yet to say so to the future
  bool recalled = false;         // asked back for a node that has nothing to do

  std::size_t call_size() const noexcept { return bytes.size; }
  int priority() const noexcept { return options != nullptr ? options->priority : 0; }

 protected:
  NodeItem() noexcept = default;
  ~NodeItem() = default;
};

using NodeItems = IntrusiveList<NodeItem>;

}  // namespace detail
}  // namespace concurrent::futures::inline v0
