// SPDX-License-Identifier: BSL-1.0
// The processes that a launcher has started, as one program: rank 0 is the caller, every other one an agent.
//
// One thread of each process makes its calls of MPI, from MPI_Init_thread to MPI_Finalize, so that MPI_THREAD_FUNNELED
// is enough: of rank 0 a thread of this library's, of an agent its main thread, in freeze_support. What others send is
// laid down for that thread and it is woken. Where MPI offers MPI_THREAD_SERIALIZED, a thread of the program that waits
// for a result makes them in its stead as long as it polls, one look at a time (`at_mpi_`), and the other one keeps
// away. What comes over the wire is a stream of bytes each way (byte_stream.hpp), cut into pieces of a gibibyte at
// most, on a communicator of our own.
//
// A rank that has said nothing for `timeout` is lost. Time during which this process did not run itself does not count:
// a job that is stopped as a whole (Ctrl-Z) goes on when it is continued.
//
// Signals that launchers send to all ranks are the program's to answer, in rank 0. An agent lives on until that one
// ends; whoever asks it to end makes it give up a silent rank 0 earlier (`asked_patience`).
#pragma once

#include <concurrent/futures/detail/nodes/byte_stream.hpp>
#include <concurrent/futures/detail/nodes/direct_link.hpp>
#include <concurrent/futures/detail/nodes/mpi_environment.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>
#include <concurrent/futures/detail/pool/at_exit.hpp>
#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
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
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

class MpiJob final : public Drainable, public NodeDriver {
 public:
  /// Null: no launcher has started this program, or freeze_support has not been called.
  static MpiJob* current() noexcept { return current_job(); }
  /// For freeze_support: starts the job. Returns in rank 0 alone.
  static void enter();

  /// False: in a fork of the process that the launcher has started.
  bool is_here() const noexcept { return fork_guard_.is_owner(); }
  /// The nodes that there are. Waits until all ranks have said who they are.
  /// Throws RuntimeError that says what is wrong with the job.
  std::vector<NodePlace> places(std::chrono::nanoseconds node_timeout);
  /// Pools that are to be ended before it is.
  DrainableList& pools() noexcept { return pools_; }

  void send(int rank, Message message);
  void listen(int rank, std::uint32_t pool, NodePeer& peer);
  void stop_listening(int rank, std::uint32_t pool) noexcept;
  void begin_to_drive() noexcept override { drivers_.fetch_add(1, std::memory_order_relaxed); }
  bool drive() noexcept override;
  void stop_driving() noexcept override;
  /// At the end of the program: agents leave, and MPI is finalised.
  void finish() noexcept override;

 private:
  using Clock = std::chrono::steady_clock;

  struct Hello {
    std::uint64_t magic = expected_magic;
    std::uint32_t protocol = expected_protocol;
    std::uint64_t build = 0;
    std::string host;
    std::string machine;  // ranks that run on one say the same
    std::string node;     // ranks of which one is the agent for all
    pid_t pid = 0;
    int processors = 1;

    static constexpr std::uint64_t expected_magic = 0x31'69'70'6d'2d'66'63'63;  // "ccf-mpi1"
    static constexpr std::uint32_t expected_protocol = 6;
  };

  struct Rank {
    OutgoingBytes out;       // under the lock, as is what follows
    bool is_queued = false;  // the thread sends, or is to
    bool has_hello = false;
    bool is_lost = false;
    Hello hello;
    // The thread's own.
    IncomingBytes in;
    OutgoingBytes::Chunk sending;
    std::size_t sent = 0;
    std::size_t piece = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Request arriving = MPI_REQUEST_NULL;
    std::size_t coming = 0;       // bytes that arrive
    bool comes_straight = false;  // where they shall lie, not in `arrived`
    std::vector<std::byte> arrived;
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

  std::string why_it_ends() const;
  bool begin();
  static void leave_signals_to_caller() noexcept;
  static std::atomic<int>& asked_to_end() noexcept {
    static constinit std::atomic<int> signal{0};
    return signal;
  }
  std::chrono::nanoseconds patience() const noexcept;
  void refuse_other_ends();
  void run();
  Hello own_hello() const;
  void wake() noexcept;
  bool send_some();
  bool send_to(int rank, bool& any);
  bool receive_some();
  bool probe(MPI_Message& found, MPI_Status& status);
  bool has_arrived(int rank);
  std::byte* make_room(int rank, Message& message);
  void deliver(int rank, Message message);
  void deliver_own(int rank, const Message& message);
  void deliver_log(int rank, const Message& message);
  void count_silence(std::chrono::nanoseconds passed);
  void lose(int rank);
  bool all_is_sent();
  bool take_mpi() noexcept { return !at_mpi_.exchange(true, std::memory_order_acquire); }
  void leave_mpi() noexcept { at_mpi_.store(false, std::memory_order_release); }
  bool is_driven() const noexcept;
  void learn(std::chrono::nanoseconds idle) noexcept;
  bool has_pieces_under_way() const;
  void rest(Clock::time_point idle_since, bool has_pieces, bool has_more);
  bool has_pools();
  void clear_agents_away(bool all);
  void fail(const std::string& problem);

  static constexpr int tag = 1;
  static constexpr std::size_t most_at_once = std::size_t{1} << 30;
  static constexpr std::size_t small = std::size_t{64} << 10;
  static constexpr std::chrono::nanoseconds asked_patience = std::chrono::seconds(5);
  static constexpr std::chrono::nanoseconds driven_look = std::chrono::microseconds(100);
  static constexpr std::chrono::nanoseconds least_polling = std::chrono::microseconds(60);
  static constexpr std::chrono::nanoseconds most_polling = std::chrono::microseconds(1000);

  const int rank_;
  const ipc::ForkGuard fork_guard_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  std::thread thread_;
  DrainableList pools_;

  ipc::Mutex mutex_;
  std::vector<std::unique_ptr<Rank>> ranks_;  // their number is constant once it has begun
  std::vector<int> queued_;                   // ranks to which something shall go
  std::atomic<bool> has_news_{false};         // there are such
  std::string problem_;
  std::atomic<bool> leaving_{false};
  std::atomic<bool> finalizes_{false};
  bool has_begun_ = false;
  std::atomic<std::int64_t> timeout_{std::chrono::nanoseconds(std::chrono::seconds(10)).count()};
  std::atomic<std::uint32_t> signal_{0};  // counts what the thread should look at
  std::atomic<bool> rests_{false};
  std::atomic<bool> at_mpi_{false};         // a thread calls MPI, and has what is the thread's own
  std::atomic<bool> may_be_driven_{false};  // by others, too
  std::atomic<int> drivers_{0};             // threads of the program that are about to
  std::atomic<Clock::rep> last_driven_{0};
  std::atomic<std::uint32_t> hellos_{0};  // changes with each, and with the problem

  ipc::Mutex peers_mutex_;  // held while a peer hears something
  std::map<std::pair<int, std::uint32_t>, NodePeer*> peers_;
  std::map<std::uint32_t, std::unique_ptr<Agent>> agents_;  // the thread's own
  bool caller_is_lost_ = false;
  std::vector<int> sending_;   // the thread's own: ranks to which something goes
  std::vector<int> arriving_;  // likewise: from which something comes that takes its time
  std::chrono::nanoseconds polling_ = most_polling / 4;
  const int processors_ = multiprocessing::usable_cpu_count();
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
  NodeDriver* driver() const noexcept override { return job_; }

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

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#include <concurrent/futures/detail/nodes/mpi_job_pace.hpp>
#include <concurrent/futures/detail/nodes/mpi_job_ranks.hpp>
#include <concurrent/futures/detail/nodes/mpi_job_run.hpp>
#include <concurrent/futures/detail/nodes/mpi_job_traffic.hpp>
