// SPDX-License-Identifier: BSL-1.0
// The memory between a Manager's client and server, in all executions: each call and each answer arrives whole, and
// neither side sleeps at the socket while there is something for it.
#include "model/check.hpp"

#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/manager_channel.hpp>

namespace ipc = concurrent::multiprocessing::detail;

using Words = ipc::ManagerChannelWords*;

// The memory of a side, which each execution begins anew. (An explicit instantiation may name what is private.)
Words words_of(ipc::ManagerChannel& channel);
template <Words ipc::ManagerChannel::* words>
struct OpenedChannel {
  friend Words words_of(ipc::ManagerChannel& channel) { return channel.*words; }
};
template struct OpenedChannel<&ipc::ManagerChannel::words_>;

namespace {

/// One direction of a socket: how many frames were sent, and how many were read.
struct Socket {
  void send() {
    sent.fetch_add(1, std::memory_order_acq_rel);
    ipc::futex_wake(sent, 1);
  }
  void receive() {
    while (sent.load(std::memory_order_acquire) == read) ipc::futex_wait(sent, read);
    ++read;
  }
  std::atomic<std::uint32_t> sent{0};
  std::uint32_t read = 0;
};

struct Stage {
  explicit Stage(model::Explorer::Program& program) {
    ipc::Descriptor file;
    static ipc::ManagerChannel memory = ipc::ManagerChannel::make(file);
    Words words = words_of(memory);
    words->server_sleeps = 0;
    words->client_sleeps = 0;
    for (ipc::ManagerChannelSide* const side : {&words->request, &words->answer}) {
      side->number = 0;
      side->frames = 0;
      for (std::atomic<std::uint64_t>& word : side->frame) word = 0;
    }
    copy_of(memory, client);
    copy_of(memory, server);
    program.name(&words->server_sleeps, "server sleeps");
    program.name(&words->client_sleeps, "client sleeps");
    program.name(&words->request.number, "number of the request");
    program.name(&words->request.frames, "frames");
    program.name(&words->answer.number, "number of the answer");
    program.name(&to_server.sent, "frames to the server");
    program.name(&to_client.sent, "frames to the client");
    program.bytes(words->request.bytes, sizeof(int), "the request");
    program.bytes(words->answer.bytes, sizeof(int), "the answer");
  }
  ~Stage() {
    client.forget();
    server.forget();
  }
  static void copy_of(ipc::ManagerChannel& memory, ipc::ManagerChannel& to) {
    std::copy_n(reinterpret_cast<const std::byte*>(&memory), sizeof memory, reinterpret_cast<std::byte*>(&to));
  }

  /// A call whose answer is too large for this way: it comes over the socket, where the client may read already.
  void call_for_much(int what) {
    if (client.post_request(std::as_bytes(std::span(&what, 1)))) {
      client.announce_frame();
      to_server.send();
    }
    using Came = ipc::ManagerChannel::Came;
    const auto receive = [this] {
      to_client.receive();
      return Came::frame;
    };
    if (!client.has_answer() && client.await_answer(receive) == Came::frame) return;
    ipc::ManagerFrame frame;
    model::expect(client.read_answer(frame, client_bytes) && frame.kind == ipc::ManagerFrame::Kind::follows,
                  "it is not said that the answer follows");
    to_client.receive();
  }
  /// As ManagerConnection: a call and its answer.
  void call(int what) {
    if (client.post_request(std::as_bytes(std::span(&what, 1)))) {
      client.announce_frame();
      to_server.send();
    }
    using Came = ipc::ManagerChannel::Came;
    const auto receive = [this] {
      to_client.receive();
      return Came::bell;
    };
    if (!client.has_answer()) model::expect(client.await_answer(receive) == Came::answer, "no answer comes");
    ipc::ManagerFrame frame;
    model::expect(client.read_answer(frame, client_bytes) && is(client_bytes, -what) &&
                      frame.checksum == frame.checksum_of(client_bytes.bytes()),
                  "an answer is not whole");
  }
  /// As ManagerConversation: answers a call.
  void answer(bool much = false) {
    while (!request_is_posted()) {
      to_server.receive();
      ++frames;
      server.server_wakes();
    }
    ipc::ManagerFrame frame;
    model::expect(server.read_request(frame, server_bytes) && server_bytes.bytes().size() == sizeof(int),
                  "a call is not whole");
    if (much) {
      server.post_that_answer_follows();
      to_client.send();
      return;
    }
    int what = 0;
    std::copy_n(server_bytes.bytes().data(), sizeof what, reinterpret_cast<std::byte*>(&what));
    what = -what;
    if (server.post_answer(ipc::ManagerFrame::Kind::value, std::as_bytes(std::span(&what, 1)))) to_client.send();
  }

 private:
  bool request_is_posted() {
    if (server.has_frame(frames)) return false;
    if (server.has_request()) return true;
    server.server_sleeps();
    if (!server.has_request()) return false;
    server.server_wakes();
    return true;
  }
  static bool is(const ipc::ReceivedBytes& bytes, int what) {
    int found = 0;
    if (bytes.bytes().size() != sizeof found) return false;
    std::copy_n(bytes.bytes().data(), sizeof found, reinterpret_cast<std::byte*>(&found));
    return found == what;
  }

  ipc::ManagerChannel client;
  ipc::ManagerChannel server;
  ipc::ReceivedBytes client_bytes;
  ipc::ReceivedBytes server_bytes;
  std::uint32_t frames = 0;
  Socket to_server;
  Socket to_client;
};

model::Case calls(const std::string& name, int count, bool much = false) {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  const auto set_up = [count, much](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program);
    program.thread("client", [stage, count, much] {
      for (int i = 1; i <= count; ++i) much ? stage->call_for_much(i) : stage->call(i);
    });
    program.thread("server", [stage, count, much] {
      for (int i = 0; i < count; ++i) stage->answer(much);
    });
  };
  return {name, set_up, limits};
}

model::Cases cases() {
  return {calls("manager, one call", 1), calls("manager, two calls", 2), calls("manager, a large answer", 1, true)};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Manager: each call and each answer arrives whole, and neither side sleeps on") {
  model::check_all(cases());
}
