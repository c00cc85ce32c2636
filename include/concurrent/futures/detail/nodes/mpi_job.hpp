// SPDX-License-Identifier: BSL-1.0
// The processes that a launcher has started, as one program: rank 0 is the caller, every other one an agent.
//
// One thread of each process makes all its calls of MPI, from MPI_Init_thread to MPI_Finalize, so that
// MPI_THREAD_FUNNELED is enough: of rank 0 a thread of this library's, of an agent its main thread, in freeze_support.
// What others send is laid down for that thread and it is woken. What comes over the wire is a stream of bytes each way
// (byte_stream.hpp), cut into pieces of a gibibyte at most, on a communicator of our own.
//
// A rank that has said nothing for `timeout` is lost. Time during which this process did not run itself does not count:
// a job that is stopped as a whole (Ctrl-Z) goes on when it is continued.
#pragma once

#include <concurrent/futures/detail/at_exit.hpp>
#include <concurrent/futures/detail/nodes/byte_stream.hpp>
#include <concurrent/futures/detail/nodes/direct_link.hpp>
#include <concurrent/futures/detail/nodes/mpi_environment.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>
#include <concurrent/futures/detail/unfinished.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/pickle/detail/module.hpp>

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

class MpiJob final : public Unfinished {
 public:
  /// Null: no launcher has started this program, or freeze_support has not been called.
  static MpiJob* current() noexcept { return current_job(); }
  /// For freeze_support: starts the job. Returns in rank 0 alone.
  static void enter();

  /// The nodes that there are: of each rank one. Waits until all have said who they are.
  /// Throws RuntimeError that says what is wrong with the job.
  std::vector<NodePlace> places(std::chrono::nanoseconds node_timeout);
  /// Pools that are to be ended before it is.
  UnfinishedList& pools() noexcept { return pools_; }

  void send(int rank, Message message);
  void listen(int rank, std::uint32_t pool, NodePeer& peer);
  void stop_listening(int rank, std::uint32_t pool) noexcept;
  /// At the end of the program: agents leave, and MPI is finalised.
  void finish() noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

  struct Hello {
    std::uint64_t magic = expected_magic;
    std::uint32_t protocol = expected_protocol;
    std::uint64_t build = 0;
    std::string host;
    pid_t pid = 0;
    int processors = 1;

    static constexpr std::uint64_t expected_magic = 0x31'69'70'6d'2d'66'63'63;  // "ccf-mpi1"
    static constexpr std::uint32_t expected_protocol = 1;
  };

  struct Rank {
    OutgoingBytes out;  // under the lock, as is what follows
    bool has_hello = false;
    bool is_lost = false;
    Hello hello;
    // The thread's own.
    IncomingBytes in;
    OutgoingBytes::Chunk sending;
    std::size_t sent = 0;
    std::size_t piece = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    std::chrono::nanoseconds silence{0};
    std::chrono::nanoseconds quiet{0};  // since we sent something
  };

  /// An agent's way back to the caller.
  class AgentLink final : public NodeLink {
   public:
    explicit AgentLink(MpiJob& job) noexcept : job_(&job) {}
    void send(Message message) override { job_->send(0, std::move(message)); }

   private:
    MpiJob* job_;
  };
  struct Agent {
    explicit Agent(MpiJob& job) : link(job), agent(link, &undo_binding) {}
    AgentLink link;
    NodeAgent agent;
  };

  explicit MpiJob(int rank) noexcept : rank_(rank) {}
  static MpiJob*& current_job() noexcept {
    static constinit MpiJob* job = nullptr;
    return job;
  }

  bool begin();
  void run();
  Hello own_hello() const;
  bool send_some();
  bool receive_some();
  void deliver(int rank, Message message);
  void deliver_own(int rank, const Message& message);
  void count_silence(std::chrono::nanoseconds passed);
  void lose(int rank);
  bool all_is_sent();
  void rest(Clock::time_point idle_since);
  void clear_agents_away(bool all);
  void fail(const std::string& problem);

  static constexpr int tag = 1;
  static constexpr std::size_t most_at_once = std::size_t{1} << 30;
  static constexpr std::size_t most_kept = std::size_t{1} << 20;

  const int rank_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  std::thread thread_;
  UnfinishedList pools_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Rank>> ranks_;  // their number is constant once it has begun
  std::string problem_;
  std::atomic<bool> leaving_{false};
  bool has_begun_ = false;
  std::atomic<std::int64_t> timeout_{std::chrono::nanoseconds(std::chrono::seconds(10)).count()};
  std::atomic<std::uint32_t> signal_{0};  // counts what the thread should look at
  std::atomic<bool> rests_{false};
  std::atomic<std::uint32_t> hellos_{0};  // changes with each, and with the problem

  std::mutex peers_mutex_;  // held while a peer hears something
  std::map<std::pair<int, std::uint32_t>, NodePeer*> peers_;
  std::map<std::uint32_t, std::unique_ptr<Agent>> agents_;  // the thread's own
  bool caller_is_lost_ = false;
  std::vector<std::byte> arrived_;
  MPI_Request arriving_ = MPI_REQUEST_NULL;
  int arriving_from_ = 0;
  std::atomic<bool> active_{false};  // something has come or gone since it was last asked, heartbeats apart

  // The agents' pool that has calls: this thread looks after it while it waits.
  ProcessPool* busy_pool();
};

/// One pool's way from the caller to an agent.
class MpiLink final : public NodeLink {
 public:
  MpiLink(MpiJob& job, int rank, std::uint32_t pool, NodePeer& peer) : job_(&job), rank_(rank), pool_(pool) {
    job.listen(rank, pool, peer);
  }
  ~MpiLink() override { job_->stop_listening(rank_, pool_); }
  void send(Message message) override { job_->send(rank_, std::move(message)); }

 private:
  MpiJob* job_;
  int rank_;
  std::uint32_t pool_;
};

class MpiConnection final : public NodeConnection {
 public:
  MpiConnection(MpiJob& job, int rank) noexcept : job_(&job), rank_(rank) {}
  std::unique_ptr<NodeLink> connect(std::uint32_t pool, NodePeer& peer) override {
    return std::make_unique<MpiLink>(*job_, rank_, pool, peer);
  }

 private:
  MpiJob* job_;
  int rank_;
};

// ---- Beginning and end

inline void MpiJob::enter() {
  const auto rank = launched_rank();
  if (!rank || current_job() != nullptr) return;
  // Never destroyed: statics may use it as they go.
  static const auto& keeper = *new std::shared_ptr<MpiJob>(new MpiJob(*rank));
  MpiJob* const job = keeper.get();
  current_job() = job;
  if (*rank != 0) {
    ::pthread_setname_np(::pthread_self(), "node-agent-mpi");
    job->run();
    std::fflush(nullptr);
    const bool failed = !job->problem_.empty();
    if (failed) std::fprintf(stderr, "%s\n", job->problem_.c_str());
    ::_exit(failed || job->caller_is_lost_ ? 1 : 0);
  }
  const multiprocessing::detail::BlockSignals no_handlers;
  job->thread_ = std::thread([job] {
    ::pthread_setname_np(::pthread_self(), "mpi");
    job->run();
  });
  ExitRegistry::instance().add(keeper);
}

/// False: there is a problem.
inline bool MpiJob::begin() {
  int flag = 0;
  MPI_Initialized(&flag);
  if (flag != 0) {
    fail(
        "concurrent::futures: this program calls MPI_Init itself. An MPIPoolExecutor makes all calls of MPI in a "
        "thread "
        "of its own: leave MPI_Init out, and make freeze_support the first line of main.");
    return false;
  }
  undo_binding();
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS ||
      provided < MPI_THREAD_FUNNELED) {
    fail("concurrent::futures: MPI offers no MPI_THREAD_FUNNELED. Use an MPI that was built for threads.");
    return false;
  }
  MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  int size = 1;
  int rank = 0;
  MPI_Comm_size(comm_, &size);
  MPI_Comm_rank(comm_, &rank);
  if (rank != rank_) {
    fail("concurrent::futures: the launcher calls this process rank " + std::to_string(rank_) + ", and MPI rank " +
         std::to_string(rank) +
         ". Start the program with the mpirun of the MPI that it was built with (`ldd` shows which that is).");
    return false;
  }
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < size; ++i) ranks_.push_back(std::make_unique<Rank>());
  ranks_[static_cast<std::size_t>(rank)]->hello = own_hello();
  ranks_[static_cast<std::size_t>(rank)]->has_hello = true;
  has_begun_ = true;
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
  return true;
}

inline void MpiJob::fail(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  problem_ = problem;
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
}

inline MpiJob::Hello MpiJob::own_hello() const {
  Hello hello;
  hello.build = pickle::detail::main_module().id;
  hello.host = host_name();
  hello.pid = ::getpid();
  hello.processors = multiprocessing::usable_cpu_count();
  return hello;
}

/// The thread that speaks with MPI.
inline void MpiJob::run() {
  ::prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);  // a sleep of 50 microseconds is meant
  if (begin()) {
    if (rank_ != 0) {
      MessageWriter message(MessageKind::hello);
      const Hello& hello = ranks_[static_cast<std::size_t>(rank_)]->hello;
      message << hello.magic << hello.protocol << hello.build << hello.host << hello.pid << hello.processors;
      send(0, message.finish());
    }
    Clock::time_point looked = Clock::now();
    Clock::time_point busy = looked;
    bool told_to_leave = rank_ != 0;
    for (;;) {
      if (leaving_.load() && !std::exchange(told_to_leave, true)) {
        for (std::size_t i = 1; i < ranks_.size(); ++i)
          send(static_cast<int>(i), MessageWriter(MessageKind::leave).finish());
      }
      const bool sent = send_some();
      const bool received = receive_some();
      const Clock::time_point now = Clock::now();
      if (now - looked >= std::chrono::milliseconds(50)) {
        count_silence((std::min)(now - looked, Clock::duration(std::chrono::milliseconds(100))));
        clear_agents_away(false);
        looked = now;
      }
      if (caller_is_lost_ || (leaving_.load() && told_to_leave && all_is_sent())) break;
      if (active_.exchange(false)) busy = now;
      if (!sent && !received) rest(busy);
    }
    clear_agents_away(true);
    bool whole = !caller_is_lost_;
    for (const auto& rank : ranks_) whole = whole && !rank->is_lost;
    if (whole) {
      MPI_Comm_free(&comm_);
      MPI_Finalize();
    }
    return;
  }
  int flag = 0;
  MPI_Initialized(&flag);
  if (flag != 0 && comm_ != MPI_COMM_NULL) MPI_Finalize();
}

inline void MpiJob::finish() noexcept {
  if (rank_ != 0 || !thread_.joinable()) return;
  pools_.finish_all();
  leaving_.store(true);
  signal_.fetch_add(1);
  multiprocessing::detail::futex_wake(signal_);
  thread_.join();
}

// ---- What goes out and comes in

inline void MpiJob::send(int rank, Message message) {
  {
    const std::lock_guard lock(mutex_);
    Rank& to = *ranks_[static_cast<std::size_t>(rank)];
    if (to.is_lost) return;
    if (message.header.pool != 0) active_.store(true);
    to.out.push(std::move(message));
  }
  signal_.fetch_add(1, std::memory_order_seq_cst);
  if (rests_.load(std::memory_order_seq_cst)) multiprocessing::detail::futex_wake(signal_);
}

/// True: something was begun, or has gone out.
inline bool MpiJob::send_some() {
  bool any = false;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& to = *ranks_[i];
    if (to.request != MPI_REQUEST_NULL) {
      int done = 0;
      if (MPI_Test(&to.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
        to.request = MPI_REQUEST_NULL;
        lose(static_cast<int>(i));
        continue;
      }
      if (done == 0) continue;
      any = true;
      to.sent += to.piece;
      to.request = MPI_REQUEST_NULL;
    }
    if (to.sent == to.sending.bytes().size()) {
      const std::lock_guard lock(mutex_);
      to.sending = {};
      to.sent = 0;
      if (to.is_lost || to.out.empty()) continue;
      to.sending = to.out.pop();
    }
    const auto bytes = to.sending.bytes().subspan(to.sent);
    to.piece = (std::min)(bytes.size(), most_at_once);
    to.quiet = {};
    any = true;
    if (MPI_Isend(bytes.data(), static_cast<int>(to.piece), MPI_BYTE, static_cast<int>(i), tag, comm_, &to.request) !=
        MPI_SUCCESS)
      lose(static_cast<int>(i));
  }
  return any;
}

inline bool MpiJob::receive_some() {
  for (int round = 0; round < 64; ++round) {
    if (arriving_ == MPI_REQUEST_NULL) {
      int flag = 0;
      MPI_Message found = MPI_MESSAGE_NULL;
      MPI_Status status{};
      if (MPI_Improbe(MPI_ANY_SOURCE, tag, comm_, &flag, &found, &status) != MPI_SUCCESS || flag == 0)
        return round != 0;
      int count = 0;
      MPI_Get_count(&status, MPI_BYTE, &count);
      arrived_.resize(static_cast<std::size_t>(count));
      arriving_from_ = status.MPI_SOURCE;
      if (MPI_Imrecv(arrived_.data(), count, MPI_BYTE, &found, &arriving_) != MPI_SUCCESS) return true;
    }
    int done = 0;
    if (MPI_Test(&arriving_, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) {
      arriving_ = MPI_REQUEST_NULL;
      lose(arriving_from_);
      continue;
    }
    if (done == 0) return round != 0;
    arriving_ = MPI_REQUEST_NULL;
    Rank& from = *ranks_[static_cast<std::size_t>(arriving_from_)];
    from.silence = {};
    if (from.is_lost) continue;
    from.in.push(arrived_, [&](Message message) { deliver(arriving_from_, std::move(message)); });
    if (arrived_.capacity() > most_kept) std::vector<std::byte>().swap(arrived_);
  }
  return true;
}

inline void MpiJob::deliver(int rank, Message message) {
  if (message.header.pool == 0) return deliver_own(rank, message);
  active_.store(true);
  if (rank_ != 0) {
    auto& agent = agents_[message.header.pool];
    if (agent == nullptr) {
      if (message.kind() != MessageKind::open) return static_cast<void>(agents_.erase(message.header.pool));
      agent = std::make_unique<Agent>(*this);
    }
    return agent->agent.receive(std::move(message));
  }
  const std::lock_guard lock(peers_mutex_);
  const auto at = peers_.find({rank, message.header.pool});
  if (at != peers_.end()) at->second->receive(std::move(message));
}

inline void MpiJob::deliver_own(int rank, const Message& message) {
  if (message.kind() == MessageKind::leave) leaving_.store(true);
  if (message.kind() == MessageKind::beat) {
    MessageReader reader(message);
    if (rank_ != 0) timeout_.store(reader.next<std::int64_t>());
  }
  if (message.kind() != MessageKind::hello) return;
  MessageReader reader(message);
  Hello hello;
  hello.magic = reader.next<std::uint64_t>();
  hello.protocol = reader.next<std::uint32_t>();
  if (hello.magic == Hello::expected_magic && hello.protocol == Hello::expected_protocol) {
    hello.build = reader.next<std::uint64_t>();
    hello.host = reader.next<std::string>();
    hello.pid = reader.next<pid_t>();
    hello.processors = reader.next<int>();
  }
  const std::lock_guard lock(mutex_);
  ranks_[static_cast<std::size_t>(rank)]->hello = hello;
  ranks_[static_cast<std::size_t>(rank)]->has_hello = true;
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
}

inline bool MpiJob::all_is_sent() {
  const std::lock_guard lock(mutex_);
  return std::all_of(ranks_.begin(), ranks_.end(), [](const auto& rank) {
    return rank->is_lost ||
           (rank->out.empty() && rank->request == MPI_REQUEST_NULL && rank->sent == rank->sending.bytes().size());
  });
}

/// Nothing has happened: polls, then sleeps, the longer the longer nothing has. Who sends wakes it; MPI cannot.
inline void MpiJob::rest(Clock::time_point idle_since) {
  const auto idle = Clock::now() - idle_since;
  ProcessPool* const pool = busy_pool();
  if (idle < std::chrono::microseconds(100)) {
    if (pool != nullptr) static_cast<void>(pool->drive(signal_, signal_.load(), Clock::now()));
    return static_cast<void>(::sched_yield());
  }
  // What goes over in pieces goes on when both sides look.
  bool is_large = arriving_ != MPI_REQUEST_NULL;
  for (const auto& rank : ranks_)
    is_large = is_large || (rank->request != MPI_REQUEST_NULL && rank->piece > most_kept / 16);
  if (is_large && idle < std::chrono::seconds(2)) return static_cast<void>(::sched_yield());
  auto pause = std::chrono::microseconds(50);
  if (idle >= std::chrono::milliseconds(2)) pause = std::chrono::microseconds(200);
  if (idle >= std::chrono::milliseconds(50)) pause = std::chrono::microseconds(1000);
  if (idle >= std::chrono::seconds(1)) pause = std::chrono::microseconds(10'000);
  for (const auto& rank : ranks_) {
    if (rank->request != MPI_REQUEST_NULL) pause = (std::min)(pause, std::chrono::microseconds(50));
  }
  const std::uint32_t seen = signal_.load(std::memory_order_seq_cst);
  rests_.store(true, std::memory_order_seq_cst);
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    waits = std::any_of(ranks_.begin(), ranks_.end(), [](const auto& rank) {
      return !rank->is_lost && !rank->out.empty() && rank->request == MPI_REQUEST_NULL;
    });
  }
  if (!waits) {
    const auto until = Clock::now() + pause;
    static_cast<void>(pool != nullptr ? pool->doze(signal_, seen, until)
                                      : multiprocessing::detail::futex_wait(signal_, seen, until));
  }
  rests_.store(false, std::memory_order_seq_cst);
}

inline ProcessPool* MpiJob::busy_pool() {
  for (const auto& [pool, agent] : agents_) {
    if (agent != nullptr && agent->agent.has_calls()) return agent->agent.pool();
  }
  return nullptr;
}

// ---- Who is there still

inline void MpiJob::count_silence(std::chrono::nanoseconds passed) {
  const std::chrono::nanoseconds timeout(timeout_.load());
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = *ranks_[i];
    if (static_cast<int>(i) == rank_ || rank.is_lost || (rank_ != 0 && i != 0)) continue;
    rank.silence += passed;
    rank.quiet += passed;
    if (rank.quiet >= (std::min)(timeout / 4, std::chrono::nanoseconds(std::chrono::seconds(1)))) {
      rank.quiet = {};
      send(static_cast<int>(i), (MessageWriter(MessageKind::beat) << timeout_.load()).finish());
    }
    if (rank.silence >= timeout && (rank.has_hello || rank_ != 0)) lose(static_cast<int>(i));
  }
}

inline void MpiJob::lose(int rank) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ranks_[static_cast<std::size_t>(rank)]->is_lost, true)) return;
  }
  if (rank_ != 0) {
    caller_is_lost_ = true;
    return;
  }
  const std::lock_guard lock(peers_mutex_);
  for (const auto& [key, peer] : peers_) {
    if (key.first == rank) peer->lost("it has said nothing for longer than node_timeout, or MPI reports an error.");
  }
}

inline void MpiJob::clear_agents_away(bool all) {
  for (auto at = agents_.begin(); at != agents_.end();) {
    if (all || at->second->agent.has_ended()) {
      at = agents_.erase(at);
    } else {
      ++at;
    }
  }
}

inline void MpiJob::listen(int rank, std::uint32_t pool, NodePeer& peer) {
  bool is_lost = false;
  {
    const std::lock_guard lock(mutex_);
    is_lost = ranks_[static_cast<std::size_t>(rank)]->is_lost;
  }
  const std::lock_guard lock(peers_mutex_);
  peers_[{rank, pool}] = &peer;
  if (is_lost) peer.lost("it was lost before.");
}

inline void MpiJob::stop_listening(int rank, std::uint32_t pool) noexcept {
  const std::lock_guard lock(peers_mutex_);
  peers_.erase({rank, pool});
}

inline std::vector<NodePlace> MpiJob::places(std::chrono::nanoseconds node_timeout) {
  timeout_.store(node_timeout.count());
  const Deadline deadline = Clock::now() + std::chrono::seconds(60);
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::uint32_t seen = hellos_.load();
    if (!problem_.empty()) throw RuntimeError(problem_);
    int silent = has_begun_ ? -1 : 0;
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
      if (!ranks_[i]->has_hello) silent = static_cast<int>(i);
    }
    if (silent < 0) break;
    if (Clock::now() >= deadline) {
      throw RuntimeError("concurrent::futures: rank " + std::to_string(silent) +
                         " has not become a node's agent within a minute. Make this the first line of main, before "
                         "anything that takes long:\n    concurrent::multiprocessing::freeze_support(argc, argv);");
    }
    lock.unlock();
    multiprocessing::detail::futex_wait(hellos_, seen, deadline);
    lock.lock();
  }
  for (std::size_t i = 1; i < ranks_.size(); ++i)
    ranks_[i]->out.push((MessageWriter(MessageKind::beat) << timeout_.load()).finish());
  signal_.fetch_add(1);
  multiprocessing::detail::futex_wake(signal_);
  std::vector<NodePlace> places;
  const Hello& own = ranks_[0]->hello;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Hello& hello = ranks_[i]->hello;
    if (hello.magic != own.magic || hello.protocol != own.protocol || hello.build != own.build) {
      throw RuntimeError(
          "concurrent::futures: " + node_label(hello.host.empty() ? "a node" : hello.host, static_cast<int>(i)) +
          " runs another build of this program: build id " + std::to_string(hello.build) + " there, " +
          std::to_string(own.build) + " on " + own.host + ". Copy the same file to all nodes.");
    }
    int before = 0;
    int on_host = 0;
    for (std::size_t other = 0; other < ranks_.size(); ++other) {
      if (ranks_[other]->hello.host != hello.host) continue;
      ++on_host;
      if (other < i) ++before;
    }
    NodePlace place;
    place.host = hello.host;
    place.rank = static_cast<int>(i);
    place.pid = hello.pid;
    place.processors = (std::max)(1, hello.processors / on_host + (before < hello.processors % on_host ? 1 : 0));
    place.is_local = i == 0;
    if (ranks_[i]->is_lost) continue;
    if (place.is_local) {
      place.connection = std::make_shared<DirectConnection>(&undo_binding);
    } else {
      place.connection = std::make_shared<MpiConnection>(*this, static_cast<int>(i));
    }
    places.push_back(std::move(place));
  }
  return places;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
