// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

class ProcessPool;

/// Room of its own for a message's body. Throws std::bad_alloc.
inline std::byte* plain_room(Message& message) {
  std::shared_ptr<std::byte[]> memory = body_memory(message.header.body);
  std::byte* const room = memory.get();
  message.body = {std::move(memory), message.header.body};
  return room;
}

/// Who hears what comes over a link, in a thread of the link's or of whoever sends. It returns soon.
class NodePeer {
 public:
  virtual void receive(Message message) noexcept = 0;
  /// Where the body of this message, whose fields have come, is to be laid down. Throws std::bad_alloc.
  virtual std::byte* make_room(Message& message) { return plain_room(message); }
  /// Nothing comes any more. Called once at most; not after the link was destroyed.
  virtual void lost(const std::string& reason) noexcept = 0;

 protected:
  ~NodePeer() = default;
};

/// What brings messages where a thread of the program may do so itself while it waits: of one that is brought by
/// another thread it hears two switches later.
class NodeDriver {
 public:
  virtual void begin_to_drive() noexcept = 0;
  /// One look, between those two. False: nothing has come or gone, or another thread is at it. Without memory for what
  /// has come the program ends, as it does where the link's own thread finds none: bytes that are lost cannot be made
  /// up.
  virtual bool drive() noexcept = 0;
  virtual void stop_driving() noexcept = 0;

 protected:
  ~NodeDriver() = default;
};

/// One pool's way to one node, or back. What it promises stands in message.hpp.
class NodeLink {
 public:
  NodeLink() = default;
  NodeLink(const NodeLink&) = delete;
  NodeLink& operator=(const NodeLink&) = delete;
  /// The peer hears nothing any more when it returns. What was sent still goes out.
  virtual ~NodeLink() = default;
  /// Never waits for the other side; what is sent over a lost link is dropped. Throws std::bad_alloc. Threads: any.
  virtual void send(Message message) = 0;
  /// The pool at the other end if that is in this process, so that a thread that waits can work for it.
  virtual ProcessPool* local_pool() const noexcept { return nullptr; }
  /// The same for all links of this kind; null: there is none.
  virtual NodeDriver* driver() const noexcept { return nullptr; }
};

/// A way to reach a node, from which each pool makes a link of its own.
class NodeConnection {
 public:
  NodeConnection() = default;
  NodeConnection(const NodeConnection&) = delete;
  NodeConnection& operator=(const NodeConnection&) = delete;
  virtual ~NodeConnection() = default;
  virtual std::unique_ptr<NodeLink> connect(std::uint32_t pool, NodePeer& peer) = 0;
};

/// A node that a pool may use.
struct NodePlace {
  std::string host;
  int rank = 0;
  pid_t pid = 0;          // of its agent
  int processors = 1;     // that its workers may use
  bool is_local = false;  // the caller's own
  std::shared_ptr<NodeConnection> connection;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
