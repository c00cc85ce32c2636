// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/nodes/byte_stream.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace concurrent::futures::detail;  // NOLINT(google-build-using-namespace): its parts are all there is here

namespace {

/// Messages without a body, with a short one, and with one that lies apart.
std::vector<Message> some_messages() {
  std::vector<Message> messages;
  std::uint64_t number = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, separate_body, separate_body + 1, std::size_t{0}}) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i + number);
    MessageWriter writer(MessageKind::call, 7);
    writer << ++number;
    messages.push_back(writer.finish_with(bytes));
  }
  return messages;
}

std::vector<std::byte> on_the_wire(std::vector<Message> messages) {
  OutgoingBytes out;
  for (Message& message : messages) out.push(std::move(message));
  std::vector<std::byte> all;
  while (!out.empty()) {
    const auto chunk = out.pop();
    all.insert(all.end(), chunk.bytes().begin(), chunk.bytes().end());
  }
  return all;
}

void check(const std::vector<Message>& come) {
  const auto sent = some_messages();
  REQUIRE(come.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    MessageReader here(come[i]);
    MessageReader there(sent[i]);
    CHECK(come[i].header.pool == 7);
    CHECK(here.next<std::uint64_t>() == there.next<std::uint64_t>());
    CHECK(std::ranges::equal(here.rest(), there.rest()));
  }
}

}  // namespace

TEST_CASE("A stream of messages can be cut anywhere") {
  const auto wire = on_the_wire(some_messages());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, wire.size()}) {
    CAPTURE(piece);
    std::vector<Message> come;
    IncomingBytes in;
    std::span<const std::byte> left = wire;
    while (!left.empty()) {
      const std::size_t size = (std::min)(piece, left.size());
      in.push(left.first(size), [&](Message message) { come.push_back(std::move(message)); }, plain_room);
      left = left.subspan(size);
    }
    check(come);
  }
}

TEST_CASE("A body may be laid down where it shall lie, in any number of parts") {
  for (const std::size_t part : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 20}) {
    CAPTURE(part);
    std::vector<Message> come;
    const auto take = [&](Message message) { come.push_back(std::move(message)); };
    IncomingBytes in;
    OutgoingBytes out;
    for (Message& message : some_messages()) out.push(std::move(message));
    while (!out.empty()) {
      const auto chunk = out.pop();
      std::span<const std::byte> left = chunk.bytes();
      CHECK(in.room().empty() == (chunk.shared.size == 0));  // a body is a chunk of its own
      while (!left.empty()) {
        if (in.room().empty()) {
          in.push(left, take, plain_room);
          break;
        }
        const std::size_t size = (std::min)({part, left.size(), in.room().size()});
        std::memcpy(in.room().data(), left.data(), size);
        in.filled(size, take);
        left = left.subspan(size);
      }
    }
    check(come);
  }
}

TEST_CASE("Large bodies lie in whole large pages") {
  const auto memory = body_memory((std::size_t{5} << 20) + 1);
  CHECK(reinterpret_cast<std::uintptr_t>(memory.get()) % (std::size_t{2} << 20) == 0);
  memory[std::size_t{5} << 20] = std::byte{1};
}
