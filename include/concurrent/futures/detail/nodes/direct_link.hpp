// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/node_agent.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The way to the caller's own node: its agent is a part of the link, and messages change hands without being written
/// anywhere.
class DirectLink final : public NodeLink {
 public:
  explicit DirectLink(NodePeer& peer, void (*prepare)()) : back_(peer), agent_(back_, prepare) {}
  void send(Message message) override { agent_.receive(std::move(message)); }
  ProcessPool* local_pool() const noexcept override { return agent_.pool(); }

 private:
  class Back final : public NodeLink {
   public:
    explicit Back(NodePeer& peer) noexcept : peer_(&peer) {}
    void send(Message message) override { peer_->receive(std::move(message)); }

   private:
    NodePeer* peer_;
  };

  Back back_;
  NodeAgent agent_;
};

/// Makes them.
class DirectConnection final : public NodeConnection {
 public:
  explicit DirectConnection(void (*prepare)() = nullptr) noexcept : prepare_(prepare) {}
  std::unique_ptr<NodeLink> connect(std::uint32_t, NodePeer& peer) override {
    return std::make_unique<DirectLink>(peer, prepare_);
  }

 private:
  void (*prepare_)();
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
