// SPDX-License-Identifier: BSL-1.0
// A Manager, from a client to an object and back.
//
//   client's thread              its process's link to that server       server: one thread for each connection
//  ┌────────────────────┐       ┌─────────────────────────────────┐     ┌───────────────────────────────────────────┐
//  │ proxy.append(7)    │       │ session: a number of its own    │     │ read a frame, run the call (pickle/call), │
//  │  pickle a call of  ├──────►│ idle connections, each used by  ├────►│ which takes its object's mutex; write the │
//  │  a function with   │       │ one thread at a time; a new one │     │ answer after that is free again           │
//  │  the object's id   │◄──────┤ when none is idle               │◄────┤                                           │
//  └────────────────────┘       └─────────────────────────────────┘     └───────────────────────────────────────────┘
//
// A connection is a socket, and soon memory beside it, by which a call goes that has room there (manager_channel.hpp).
//
// Who owns what
//   A connection     the thread of the client that took it off the idle ones, until the answer has been loaded; in the
//                    server one thread. Nobody else reads or writes there, so a client that is stopped in the middle of
//                    a frame holds up its own thread in the server and nothing else: a thread that reads or writes has
//                    no object's mutex.
//   An object        lies in the server alone. Its mutex is held while a function of a call has it.
//   A session        of a client's process: which objects it has handles to, and how many. It lives in the server as
//                    long as one connection of that process does, of which a client with handles always has one.
//   A message        with a proxy: the sender counts what it sends of each handle. When its handle goes, it tells the
//                    server how often that was sent; each process that loads it tells whose it was. The session keeps
//                    the object until as many have arrived as were sent, or its process ends. An answer's proxies, and
//                    the shared memory that it names, are kept by the connection until the client asks for something
//                    else there, which it does when it has loaded them.
//
// Who dies, and what follows
//   A client, at any instant    the kernel closes its connections.
//     in the middle of a frame    the server has no whole call, so nothing is applied; the thread ends.
//     the call is being run       it is finished, since user code cannot be undone half-way; the answer goes nowhere.
//     the answer is being read    the server's write fails, and the thread ends.
//     between calls               the thread reads the end, and ends.
//     The last connection of its session takes the session with it, and so its share of every object.
//   The server      the kernel closes all connections: each call in progress ends with ManagerDied, and each later one
//                   cannot connect. The zygote (zygote.hpp) reaps it and tells the process that made the manager how.
//   The maker       the zygote kills the server.
//   The zygote      the kernel kills the server.
//
// A forked child has no connections (they are closed in it: descriptor_registry.hpp), a session of its own, and no
// share in what its parent's handles mean: at its first use of one it takes a share.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/manager_connection.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class ManagerLink;

/// An answer, and the connection that it came by, which is idle again when the answer is gone.
class ManagerAnswer {
 public:
  using Connection = std::unique_ptr<ManagerConnection>;

  explicit ManagerAnswer(std::shared_ptr<ManagerLink> link) noexcept : link_(std::move(link)) {}
  ManagerAnswer(const ManagerAnswer&) = delete;
  ManagerAnswer& operator=(const ManagerAnswer&) = delete;
  ~ManagerAnswer();

  void take(Connection connection, std::uint32_t generation) noexcept {
    connection_ = std::move(connection);
    generation_ = generation;
  }
  ManagerConnection& connection() noexcept { return *connection_; }
  std::span<const std::byte> bytes() const noexcept { return connection_->bytes(); }
  /// The conversation is where it should be: the connection may be used again.
  void complete() noexcept { whole_ = true; }

 private:
  std::shared_ptr<ManagerLink> link_;
  Connection connection_;
  std::uint32_t generation_ = 0;
  bool whole_ = false;
};

class ManagerLink;

/// All the links that this process has, with the mutex of each, which is held over forks.
class ManagerLinks {
 public:
  static ManagerLinks& instance();

  Mutex mutex;
  std::map<SharedId, std::weak_ptr<ManagerLink>> links CONCURRENT_FUTURES_GUARDED_BY(mutex);

 private:
  ManagerLinks();
};

/// A process's way to one server.
class ManagerLink : public std::enable_shared_from_this<ManagerLink> {
 public:
  /// Says how the server has ended, once it has; for a moment it waits to be told.
  using HowItEnded = std::function<std::string()>;

  /// The link that this process has, or a new one. Connects nowhere yet.
  static std::shared_ptr<ManagerLink> find(const ManagerId& manager);

  explicit ManagerLink(const ManagerId& manager) : manager_(manager) {}
  ManagerLink(const ManagerLink&) = delete;
  ManagerLink& operator=(const ManagerLink&) = delete;
  ~ManagerLink();

  const ManagerId& manager() const noexcept { return manager_; }
  /// In the manager's own process. None: it is not known here.
  void set_how_it_ended(HowItEnded how);

  /// Sends the pickled call and waits for its answer.
  /// Throws: ManagerDied; what the call has thrown; std::system_error when there is no descriptor to be had.
  std::unique_ptr<ManagerAnswer> call(std::span<const std::byte> request);
  /// Tells that a handle has gone.
  void release(ObjectId object, std::uint64_t sent) noexcept;
  /// Asks the server to end. False: it cannot be reached.
  bool quit(const SharedId& secret) noexcept;
  /// Closes all connections that are idle.
  void close() noexcept;

  /// Changes with a fork: what another generation of this process had a share in, this one has not.
  std::uint32_t generation() noexcept;
  /// How the server tells this process from others.
  SharedId session();

 private:
  friend class ManagerAnswer;

  using Connection = std::unique_ptr<ManagerConnection>;

  /// The mutex is held.
  void follow_fork() noexcept CONCURRENT_FUTURES_REQUIRES(ManagerLinks::instance().mutex);
  /// One that is idle, or a new one; null when there is no server.
  Connection take_connection();
  Connection take_idle() noexcept;
  int connect() const;
  void give_back(Connection connection, std::uint32_t generation, bool whole) noexcept;
  bool add_idle(Connection& connection) noexcept;
  [[noreturn]] void died(bool in_progress);

  const ManagerId manager_;
  ForkGuard fork_guard_;  // as generation_, changed under the mutex, and read without it where no fork lies between
  SharedId session_ CONCURRENT_FUTURES_GUARDED_BY(ManagerLinks::instance().mutex){};
  std::uint32_t generation_ = 1;
  std::vector<Connection> idle_ CONCURRENT_FUTURES_GUARDED_BY(ManagerLinks::instance().mutex);
  HowItEnded how_ CONCURRENT_FUTURES_GUARDED_BY(ManagerLinks::instance().mutex);
  bool shut_down_ CONCURRENT_FUTURES_GUARDED_BY(ManagerLinks::instance().mutex) = false;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/multiprocessing/detail/manager_link.impl.hpp>
#endif
