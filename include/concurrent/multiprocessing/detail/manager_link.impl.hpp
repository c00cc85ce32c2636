// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/descriptor_registry.hpp>
#include <concurrent/multiprocessing/detail/exception_registry.hpp>
#include <concurrent/multiprocessing/detail/manager_link.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/os/socket.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/exception.hpp>

#include <pthread.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

inline ManagerLinks& ManagerLinks::instance() {
  static ManagerLinks* const links = new ManagerLinks;  // never destroyed: proxies may be globals
  return *links;
}

inline ManagerLinks::ManagerLinks() {
  static_cast<void>(DescriptorRegistry::instance());
  // Held over every fork, so that the child finds it free and the lists whole.
  ::pthread_atfork([]() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex.lock(); },
                   []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex.unlock(); },
                   []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex.unlock(); });
}

CONCURRENT_FUTURES_INLINE ManagerAnswer::~ManagerAnswer() {
  if (connection_) link_->give_back(std::move(connection_), generation_, whole_);
}

CONCURRENT_FUTURES_INLINE std::shared_ptr<ManagerLink> ManagerLink::find(const ManagerId& manager) {
  ManagerLinks& all = ManagerLinks::instance();
  {
    const MutexLock lock(all.mutex);
    const auto found = all.links.find(manager.id);
    if (found != all.links.end()) {
      if (std::shared_ptr<ManagerLink> known = found->second.lock()) return known;
    }
  }
  auto made = std::make_shared<ManagerLink>(manager);
  const MutexLock lock(all.mutex);
  std::weak_ptr<ManagerLink>& noted = all.links[manager.id];
  if (std::shared_ptr<ManagerLink> known = noted.lock()) return known;
  noted = made;
  return made;
}

CONCURRENT_FUTURES_INLINE ManagerLink::~ManagerLink() {
  close();
  ManagerLinks& all = ManagerLinks::instance();
  const MutexLock lock(all.mutex);
  const auto found = all.links.find(manager_.id);
  if (found != all.links.end() && found->second.expired()) all.links.erase(found);
}

CONCURRENT_FUTURES_INLINE void ManagerLink::set_how_it_ended(HowItEnded how) {
  const MutexLock lock(ManagerLinks::instance().mutex);
  how_ = std::move(how);
}

inline void ManagerLink::follow_fork() noexcept {
  if (fork_guard_.is_owner()) return;
  fork_guard_.take_over();
  session_ = {};
  ++generation_;
  idle_.clear();  // the parent's; closed here already
}

CONCURRENT_FUTURES_INLINE std::uint32_t ManagerLink::generation() noexcept {
  if (fork_guard_.is_owner()) return generation_;
  const MutexLock lock(ManagerLinks::instance().mutex);
  follow_fork();
  return generation_;
}

CONCURRENT_FUTURES_INLINE SharedId ManagerLink::session() {
  const MutexLock lock(ManagerLinks::instance().mutex);
  follow_fork();
  if (session_ == SharedId{}) session_ = draw_shared_id();
  return session_;
}

/// A new connection, or -1 when there is no server.
inline int ManagerLink::connect() const {
  Descriptor socket(os::open_local_stream());
  if (!socket.valid()) throw_errno(errno, "socket to a manager");
  const ManagerAddress address(manager_.id);
  while (::connect(socket.get(), address.get(), address.size) != 0) {
    if (errno == EINTR) continue;
    if (errno == ECONNREFUSED || errno == ENOENT || errno == ECONNRESET) return -1;
    throw_errno(errno, "connect to a manager");
  }
  if (!os::is_of_same_user(socket.get())) return -1;  // its name is guarded by nothing else
  return socket.release();
}

inline ManagerLink::Connection ManagerLink::take_idle() noexcept {
  const MutexLock lock(ManagerLinks::instance().mutex);
  follow_fork();
  if (idle_.empty()) return nullptr;
  Connection connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

inline ManagerLink::Connection ManagerLink::take_connection() {
  if (Connection idle = take_idle()) return idle;
  const ManagerHello hello{session()};
  const int socket = connect();
  if (socket < 0) return nullptr;
  try {
    DescriptorRegistry::instance().add(socket);
  } catch (...) {
    ::close(socket);
    throw;
  }
  try {
    auto connection = std::make_unique<ManagerConnection>(socket);
    connection->send(ManagerFrame::Kind::hello, std::as_bytes(std::span(&hello, 1)));  // a call fails, if it did
    return connection;
  } catch (...) {
    DescriptorRegistry::instance().close(socket);
    throw;
  }
}

/// Takes it, if it is to be kept and there is memory to note it.
inline bool ManagerLink::add_idle(Connection& connection) noexcept {
  const MutexLock lock(ManagerLinks::instance().mutex);
  if (shut_down_) return false;
  try {
    idle_.push_back(std::move(connection));
    return true;
  } catch (...) {
    return false;
  }
}

inline void ManagerLink::give_back(Connection connection, std::uint32_t generation, bool whole) noexcept {
  connection->trim();
  bool ended = false;
  {
    const MutexLock lock(ManagerLinks::instance().mutex);
    follow_fork();
    if (generation != generation_) return;  // a fork's copy of an answer: the connection is not this process's
    ended = shut_down_;
    if (whole && !ended) {
      try {
        idle_.push_back(std::move(connection));
        return;
      } catch (...) {
      }
    }
  }
  if (ended) return connection->close();
  // The last connection of the session would take the session with it. A new one comes first.
  Connection other;
  try {
    other = take_connection();
  } catch (...) {
  }
  connection->close();
  if (other && !add_idle(other)) other->close();
}

CONCURRENT_FUTURES_INLINE void ManagerLink::close() noexcept {
  std::vector<Connection> idle;
  {
    const MutexLock lock(ManagerLinks::instance().mutex);
    follow_fork();
    idle.swap(idle_);
  }
  for (const Connection& connection : idle) connection->close();
}

inline void ManagerLink::died(bool in_progress) {
  HowItEnded how;
  {
    const MutexLock lock(ManagerLinks::instance().mutex);
    follow_fork();
    how = how_;
  }
  std::string ended = how ? how() : std::string();
  if (ended.empty()) ended = "has ended";
  throw ManagerDied("concurrent::multiprocessing: the server of the manager, process " + std::to_string(manager_.pid) +
                        ", " + ended +
                        (in_progress ? ". Whether the call in progress was applied is not known. " : ". ") +
                        "Its objects are gone: make a new Manager.",
                    manager_.pid, ended);
}

CONCURRENT_FUTURES_INLINE std::unique_ptr<ManagerAnswer> ManagerLink::call(std::span<const std::byte> request) {
  auto answer = std::make_unique<ManagerAnswer>(shared_from_this());
  Connection connection = take_connection();
  if (!connection) died(false);
  answer->take(std::move(connection), generation());
  ManagerFrame frame;
  if (!answer->connection().call(request, frame)) {
    const auto gone = std::move(answer);
    died(true);
  }
  if (frame.checksum_of(answer->bytes()) != frame.checksum)
    throw pickle::UnpicklingError("concurrent::multiprocessing: the answer of the manager is damaged.");
  if (frame.kind == ManagerFrame::Kind::value) {
    answer->complete();
    return answer;
  }
  pickle::Reader reader(answer->bytes());
  if (frame.kind == ManagerFrame::Kind::refused)
    throw_errno(reader.get_once<std::int32_t>(), "a thread for this client in the server of the manager");
  if (frame.kind != ManagerFrame::Kind::exception) reader.refuse("the answer of the manager is none");
  answer->complete();
  std::rethrow_exception(pickle::load_exception(reader, "Manager", manager_.pid, pickle::describe_call(request)));
}

CONCURRENT_FUTURES_INLINE void ManagerLink::release(ObjectId object, std::uint64_t sent) noexcept {
  {
    const MutexLock lock(ManagerLinks::instance().mutex);
    follow_fork();
    if (shut_down_) return;
  }
  Connection connection;
  try {
    connection = take_connection();
  } catch (...) {  // no descriptor: the server keeps the object as long as this process lives
  }
  if (!connection) return;
  const ManagerRelease release{object, sent};
  const bool whole = connection->send(ManagerFrame::Kind::release, std::as_bytes(std::span(&release, 1)));
  if (whole) return give_back(std::move(connection), generation(), true);
  connection->close();  // the server is gone
}

CONCURRENT_FUTURES_INLINE bool ManagerLink::quit(const SharedId& secret) noexcept {
  Connection connection;
  try {
    connection = take_connection();
  } catch (...) {
  }
  {
    const MutexLock lock(ManagerLinks::instance().mutex);
    shut_down_ = true;
  }
  if (!connection) return false;
  const bool sent = connection->send(ManagerFrame::Kind::quit, std::as_bytes(std::span(&secret, 1)));
  connection->close();
  return sent;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
