// SPDX-License-Identifier: BSL-1.0
// What a pool over several nodes and its agents say to each other.
//
//  caller's process                                            a node: its agent, and the agent's workers
// ┌────────────────────────────────────────┐                  ┌────────────────────────────────────────────┐
// │ NodePool                               │    NodeLink      │ NodeAgent                                  │
// │  waiting: calls that no node has       ├── call ─────────►│  RelayCall for each call ──► ProcessPool   │
// │  sent:    calls that a node has        │◄──────── result ─┤  (neither call nor result is unpickled)    │
// └────────────────────────────────────────┘                  └────────────────────────────────────────────┘
//
// The caller's own node is one like the others, over a link without a wire (direct_link.hpp).
//
// A link keeps the order of messages each way and loses none, until it is lost as a whole. Each message names the pool
// that it belongs to, so that one wire serves all executors of a program.
//
// Who owns what. A call is the caller's, with its bytes, until its `result` has been handled there: an agent has a copy
// and nothing more, so that a node can be lost, or asked to give a call back, at any time. A ticket stands for one
// sending of one call; it is never used twice. An agent answers each `call` with exactly one `result`, whatever happens
// to the worker, and the caller handles a `result` only if the ticket is with that node still.
//
//  caller → agent                                     agent → caller
//   open      options; once, before all else           opened     empty, or the exception that the start threw
//   call      ticket, options, bytes                    result     ticket, outcome, bytes
//                                                      recovered  it has a worker again, after a result `refused`
//                                                      started    ticket: a worker has taken it, told within 1 ms
//                                                      progress   ticket, done, total: what it has said, within 10 ms
//   part      number, where, room: bytes of a call that is still being pickled, for a call_of_parts or part_void
//   part_void number: there will be no such call
//   call_of_parts  as call, with its number and its whole size; the bytes are those that no part had
//   withdraw  ticket: give it back unless taken         kept       ticket: no. Yes is a result `cancelled`
//   stop      ticket: end it, whatever it does          (its result, mostly `cancelled`)
//   request_stop  ticket: tell it, if it runs           (its result; `cancelled` unless it returns a value)
//   warm_up   number of workers
//   census                                             workers    their pids
//   resize    serial, number of workers                resized    serial, and what it threw, if that was refused
//   end_workers  signal                                ended      the signals are sent, results `cancelled` before
//   clock     time here                                 clock      the same, and the time there
//   trace     tell what a trace is told                 traced     ticket, worker, start, end, outcome, whether again
//                                                       lane       whether a worker began or ended, its id, name, when
//                                                       or how log        level, text; of the process, not of a pool
//   close     no call follows, none is out              closed     the last message; everything on the node is gone
//                                                      state      serial, statistics, and why the pool broke, when they
//                                                                 change
//
// Parts. A large block of an argument goes to the node that would get the call while submit still copies it, so that
// the copy and the way over the wire take the time of the longer one. A part is never changed after it was sent; what
// may be, sizes and the like, comes with the call. The call has not been sent by then, and may go to another node after
// all: it is sent whole there, and the parts are void. So they are where it fails to be pickled, and where the node is
// lost they are lost with it. No pool is closed while one of its calls is in parts.
//
// When a side may end, and what follows:
// - the agent before `opened`: the link is lost, and the constructor throws.
// - the agent between `call` and `result`: lost; the call fails with NodeDied or is sent to another node. It may have
//   run, and may be running: workers die with their agent within a moment, not before it.
// - the agent after `result` was sent: what has arrived counts, what has not is lost with the link.
// - the caller at any time: lost to the agent, which ends its workers and its pool, and tells nobody.
// - one that is not dead but silent for `node_timeout` is lost just the same; whatever it says later is not heard.
// - a `result` and a `withdraw` or `stop` that cross: the agent has no such ticket any more and answers `kept`; the
//   caller has handled the result by then, and ignores the answer.
#pragma once

#include <concurrent/futures/detail/nodes/body_memory.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/reader.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

enum class MessageKind : std::uint8_t {
  hello,  // of a wire, not of a pool: who is at the other end
  beat,
  leave,
  open,
  opened,
  call,
  result,
  started,
  progress,
  withdraw,
  kept,
  stop,
  request_stop,
  warm_up,
  census,
  workers,
  resize,
  resized,
  end_workers,
  ended,
  clock,
  trace,
  traced,
  lane,
  log,
  close,
  closed,
  state,
  recovered,
  part,
  part_void,
  call_of_parts,
};

/// How a call came out, as an agent tells it.
enum class CallOutcome : std::uint8_t {
  value,
  raised,     // the bytes of what the task threw, as its worker wrote them; before them who ran it, and what it is
  failed,     // an exception that the agent's pool made: its worker died, its time was up
  broke,      // likewise, and the agent's pool is broken
  cancelled,  // it has not run, or was stopped
  refused,    // it has not run: the node has no worker and the system refuses one; after it, why
};

/// Bytes that several have, and nobody changes.
struct Bytes {
  std::shared_ptr<const std::byte[]> data;
  std::size_t size = 0;

  static Bytes copy(const std::byte* from, std::size_t size) {
    std::shared_ptr<std::byte[]> data = body_memory(size);
    if (size != 0) std::memcpy(data.get(), from, size);
    return {std::move(data), size};
  }
  std::span<const std::byte> span() const noexcept { return {data.get(), size}; }
};

/// What stands before each message on a wire. The bytes of one machine: a node of another kind is refused at `hello`.
struct MessageHeader {
  std::uint64_t fields = 0;  // how many bytes follow
  std::uint64_t body = 0;    // and after those
  std::uint32_t pool = 0;
  MessageKind kind = MessageKind::beat;
  std::uint8_t unused[3] = {};
};
static_assert(sizeof(MessageHeader) == 24);

/// A message: its own fields, and after them the bytes of a call or result, which lie apart if they are many, so that
/// they are not copied.
struct Message {
  MessageHeader header;
  std::vector<std::byte> fields;  // with the header in front
  Bytes body;
  std::shared_ptr<void> room;  // whoever receives it has had the body laid down here

  MessageKind kind() const noexcept { return header.kind; }
};

/// From here on a body lies apart.
inline constexpr std::size_t separate_body = 4096;

/// Writes a message's fields.
class MessageWriter : public pickle::detail::VectorWriter {
 public:
  explicit MessageWriter(MessageKind kind, std::uint32_t pool = 0, std::size_t room = 112)
      : VectorWriter(sizeof(MessageHeader) + room) {
    header_.kind = kind;
    header_.pool = pool;
    put(header_);
  }
  template <class T>
  MessageWriter& operator<<(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      put(value);
    } else {
      pickle::dump(*this, value);
    }
    return *this;
  }
  Message finish(Bytes body = {}) {
    header_.fields = size() - sizeof(MessageHeader);
    header_.body = body.size;
    std::memcpy(data(), &header_, sizeof header_);
    return {header_, take(), std::move(body), {}};
  }
  /// With `bytes` at the end, copied, or as a body where that is cheaper.
  Message finish_with(std::span<const std::byte> bytes) {
    if (bytes.size() >= separate_body) return finish(Bytes::copy(bytes.data(), bytes.size()));
    write(bytes.data(), bytes.size());
    return finish();
  }

 private:
  MessageHeader header_;
};

/// Reads a message that has come.
class MessageReader : public pickle::Reader {
 public:
  explicit MessageReader(const Message& message) : Reader(message.fields), message_(&message) {
    view(sizeof(MessageHeader));
  }

  template <class T>
  T next() {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      return get<T>();
    } else {
      return pickle::load<T>(*this);
    }
  }
  std::size_t size_of_rest() const noexcept { return message_->header.body != 0 ? message_->header.body : remaining(); }
  /// What follows the fields, wherever it lies.
  std::span<const std::byte> rest() {
    if (message_->header.body != 0) return message_->body.span();
    const std::size_t size = remaining();
    return {view(size), size};
  }

 private:
  const Message* message_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
