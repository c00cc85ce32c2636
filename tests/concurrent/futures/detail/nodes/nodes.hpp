// SPDX-License-Identifier: BSL-1.0
// A pool over several nodes without MPI: each node is an agent in this process, beside the caller or at the other end
// of a socket.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool_members.hpp>
#include <concurrent/futures/detail/nodes/socket_link.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodes {

namespace cf = concurrent::futures;
namespace cfd = concurrent::futures::detail;

inline constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// An agent at the other end of a socket.
class SocketNode final : public cfd::NodeConnection {
  using Descriptor = concurrent::multiprocessing::detail::Descriptor;

  struct Link final : cfd::NodeLink {
    Link(Descriptor here, Descriptor there, cfd::NodePeer& peer)
        : agent_end(std::move(there)), agent(agent_end), caller_end(std::move(here)) {
      agent_end.start(agent);
      caller_end.start(peer);
    }
    ~Link() override { agent_end.stop(); }  // before the agent goes, which it tells what comes
    void send(cfd::Message message) override { caller_end.send(std::move(message)); }

    cfd::SocketLink agent_end;
    cfd::NodeAgent agent;
    cfd::SocketLink caller_end;
  };

 public:
  std::unique_ptr<cfd::NodeLink> connect(std::uint32_t, cfd::NodePeer& peer) override {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::bad_alloc();
    auto link = std::make_unique<Link>(Descriptor(ends[0]), Descriptor(ends[1]), peer);
    link_ = link.get();
    return link;
  }
  /// While the pool lives.
  void cut() const noexcept { link_->agent_end.cut(); }

 private:
  Link* link_ = nullptr;
};

/// Nodes of one processor each, the first of them the caller's own, the others behind sockets.
struct Nodes {
  explicit Nodes(int count) {
    for (int i = 0; i < count; ++i) {
      cfd::NodePlace place;
      place.host = "node" + std::to_string(i);
      place.rank = i;
      place.pid = ::getpid();
      place.is_local = i == 0;
      if (place.is_local) {
        place.connection = std::make_shared<cfd::DirectConnection>();
      } else {
        sockets.push_back(std::make_shared<SocketNode>());
        place.connection = sockets.back();
      }
      places.push_back(std::move(place));
    }
  }
  std::vector<cfd::NodePlace> places;
  std::vector<std::shared_ptr<SocketNode>> sockets;
};

class Pool final : public cfd::NodePoolMembers<Pool, concurrent::pickle::Pickle> {
 public:
  Pool(const Nodes& nodes, cf::MPIPoolOptions options) : NodePoolMembers(std::move(options), nodes.places) {}
  static std::string executor_name() { return "Pool"; }
};

}  // namespace nodes
