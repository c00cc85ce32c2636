// SPDX-License-Identifier: BSL-1.0
// The server of a Manager (manager_link.hpp says who owns what).
#pragma once

#include <concurrent/multiprocessing/detail/managed_object.hpp>
#include <concurrent/multiprocessing/detail/manager_conversation.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/detail/manager_orders.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/profile.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/os/process.hpp>
#include <concurrent/os/socket.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class ManagerServer {
 public:
  explicit ManagerServer(const ManagerOrders& orders) : id_(orders.id), secret_(orders.secret) {}

  /// The one of this process; null in every other process.
  static ManagerServer*& instance() noexcept {
    static ManagerServer* server = nullptr;
    return server;
  }
  const SharedId& id() const noexcept { return id_; }

  /// Answers clients until it is told to end. Throws: std::system_error when there is no socket to be had.
  [[noreturn]] void run(const Event& ready) {
    Descriptor listener(os::open_local_stream());
    const ManagerAddress address(id_);
    if (!listener.valid() || ::bind(listener.get(), address.get(), address.size) != 0 ||
        ::listen(listener.get(), SOMAXCONN) != 0) {
      throw_errno(errno, "making the socket of a manager");
    }
    ready.set();
    Descriptor spare = open_spare();
    for (;;) {
      Descriptor client(os::accept_stream(listener.get()));
      if (client.valid()) {
        start(std::move(client));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        const int error = errno;
        if (spare.valid()) {  // so that the client hears of it
          spare.reset();
          client = Descriptor(os::accept_stream(listener.get()));
          if (client.valid()) refuse(client.get(), error);
          client.reset();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (!spare.valid()) spare = open_spare();
      }
    }
  }

  // For calls, in the thread that runs one.
  ObjectId add(const std::shared_ptr<ManagedObject>& object) {
    const ObjectId id = next_.fetch_add(1);
    object->set_id(id);
    {
      const MutexLock lock(mutex_);
      objects_[id] = object;
    }
    RunningManagerCall::here()->session->take_share(object);
    return id;
  }
  std::shared_ptr<ManagedObject> find(ObjectId id) {
    const MutexLock lock(mutex_);
    const auto found = objects_.find(id);
    return found == objects_.end() ? nullptr : found->second.lock();
  }
  void forget(ObjectId id) noexcept {
    const MutexLock lock(mutex_);
    objects_.erase(id);
  }
  std::size_t number_of_objects() {
    const MutexLock lock(mutex_);
    return objects_.size();
  }
  /// A message that the process of that session has sent has arrived somewhere.
  void has_arrived(const SharedId& sender, ObjectId object) noexcept {
    std::shared_ptr<ManagerSession> session;
    {
      const MutexLock lock(mutex_);
      const auto found = sessions_.find(sender);
      if (found != sessions_.end()) session = found->second.lock();
    }
    if (session) session->has_arrived(object);
  }

 private:
  static Descriptor open_spare() noexcept { return owned(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
  static void refuse(int client, std::int32_t error) noexcept {
    send_frame(client, ManagerFrame::Kind::refused, std::as_bytes(std::span(&error, 1)));
  }

  void start(Descriptor client) noexcept {
    const int socket = client.get();
    try {
      std::thread([this, socket] {
        const Descriptor owner(socket);
        try {
          serve(socket);
        } catch (...) {  // no memory for its session: the client sees the end of the connection
        }
      }).detach();
      client.release();
    } catch (const std::system_error& error) {
      refuse(socket, error.code().value());
    } catch (...) {
      refuse(socket, ENOMEM);
    }
  }

  std::shared_ptr<ManagerSession> session_of(const SharedId& id) {
    auto made = std::make_shared<ManagerSession>();
    const MutexLock lock(mutex_);
    if (sessions_.size() >= sessions_looked_at_) {
      std::erase_if(sessions_, [](const auto& noted) { return noted.second.expired(); });
      sessions_looked_at_ = 2 * sessions_.size() + 16;
    }
    std::weak_ptr<ManagerSession>& noted = sessions_[id];
    if (std::shared_ptr<ManagerSession> known = noted.lock()) return known;
    noted = made;
    return made;
  }

  void serve(int socket) {
    ManagerFrame frame;
    ManagerHello hello;
    if (!os::is_of_same_user(socket) || !receive_frame(socket, frame) || frame.kind != ManagerFrame::Kind::hello ||
        frame.size != sizeof hello || !receive_exactly(socket, &hello, sizeof hello) || hello.session == SharedId{}) {
      return;
    }
    if (ManagerConversation(socket, session_of(hello.session), running_).run(secret_)) end();
  }

  /// In good order: what runs has a moment to finish, and objects are destroyed.
  [[noreturn]] void end() noexcept {
    constexpr auto grace = std::chrono::milliseconds(300);
    const auto since = std::chrono::steady_clock::now();
    while (running_.load() != 0 && std::chrono::steady_clock::now() - since < grace)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (running_.load() == 0) {
      std::vector<std::shared_ptr<ManagerSession>> sessions;
      {
        const MutexLock lock(mutex_);
        for (const auto& [id, session] : sessions_) sessions.push_back(session.lock());
      }
      for (const auto& session : sessions) {
        if (session) session->clear();
      }
    }
    flush_files();
    write_profile();
    ::_exit(0);
  }

  const SharedId id_;
  const SharedId secret_;
  std::atomic<ObjectId> next_{1};
  std::atomic<int> running_{0};
  Mutex mutex_;
  std::map<SharedId, std::weak_ptr<ManagerSession>> sessions_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::size_t sessions_looked_at_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 16;
  std::unordered_map<ObjectId, std::weak_ptr<ManagedObject>> objects_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

CONCURRENT_FUTURES_INLINE ManagedObject::~ManagedObject() {
  if (id_ != 0 && ManagerServer::instance() != nullptr) ManagerServer::instance()->forget(id_);
}

/// The server of this process, in a thread that runs a call.
/// Throws: RuntimeError elsewhere.
inline ManagerServer& this_manager_server() {
  if (ManagerServer::instance() != nullptr && RunningManagerCall::here() != nullptr) return *ManagerServer::instance();
  throw RuntimeError("concurrent::multiprocessing: this function is for the server of a manager.");
}

CONCURRENT_FUTURES_INLINE void note_managed_target(ObjectId object) noexcept {
  if (RunningManagerCall::here() != nullptr) RunningManagerCall::here()->target = object;
}

CONCURRENT_FUTURES_INLINE ObjectId add_managed_object(const std::shared_ptr<ManagedObject>& object) {
  return this_manager_server().add(object);
}

CONCURRENT_FUTURES_INLINE std::shared_ptr<ManagedObject> find_managed_object(ManagedKey key, std::uint64_t type) {
  std::shared_ptr<ManagedObject> object = this_manager_server().find(key.object);
  if (object && object->type() == type) return object;
  throw RuntimeError(object ? "concurrent::multiprocessing: the object of this proxy is of another type. Use proxies "
                              "of one program only."
                            : "concurrent::multiprocessing: the object of this proxy is gone: nobody had a handle to "
                              "it. Keep one until every process that shall use it has loaded its own.");
}

/// A client's process has loaded a handle that another had sent, or has been forked with one.
inline bool adopt_managed_object(ManagedKey key, std::uint64_t type, SharedId sender) {
  ManagerServer& server = this_manager_server();
  const std::shared_ptr<ManagedObject> object = server.find(key.object);
  if (!object || object->type() != type) return false;
  RunningManagerCall::here()->session->take_share(object);
  if (sender != SharedId{}) server.has_arrived(sender, key.object);
  return true;
}

inline std::size_t count_managed_objects(ManagedKey) { return this_manager_server().number_of_objects(); }

CONCURRENT_FUTURES_INLINE bool is_server_of(const ManagerId& manager) noexcept {
  return ManagerServer::instance() != nullptr && ManagerServer::instance()->id() == manager.id;
}

CONCURRENT_FUTURES_INLINE std::shared_ptr<ManagedObject> load_managed_object(ObjectId id, std::uint64_t type,
                                                                             const SharedId& sender) {
  ManagerServer& server = *ManagerServer::instance();
  if (RunningManagerCall::here() != nullptr && RunningManagerCall::here()->target == id) {
    throw RuntimeError(
        "concurrent::multiprocessing: a proxy is an argument of a call of the same object, which would hold itself or "
        "wait for itself. Pass what it shall do as a function, to apply.");
  }
  std::shared_ptr<ManagedObject> object = server.find(id);
  if (object && object->type() != type) object = nullptr;
  if (object && sender != SharedId{}) server.has_arrived(sender, id);
  return object;
}

CONCURRENT_FUTURES_INLINE void keep_for_answer(const std::shared_ptr<ManagedObject>& object) {
  if (RunningManagerCall::here() != nullptr) RunningManagerCall::here()->answered->push_back(object);
}

CONCURRENT_FUTURES_INLINE void run_manager_server(const ManagerOrders& orders) {
  process_identity().name = orders.name;
  os::set_process_title("manager");
  static ManagerServer server(orders);
  ManagerServer::instance() = &server;
  server.run(orders.ready);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
