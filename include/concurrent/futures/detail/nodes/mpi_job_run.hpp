// SPDX-License-Identifier: BSL-1.0
// The thread that speaks with MPI, from its beginning to its end.
#pragma once

#include <concurrent/futures/detail/nodes/mpi_job.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/os/thread.hpp>

#include <string>
#include <string_view>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void MpiJob::enter() {
  const auto rank = launched_rank();
  if (!rank || current_job() != nullptr) return;
  // Never destroyed: statics may use it as they go.
  static const auto& keeper = *new std::shared_ptr<MpiJob>(new MpiJob(*rank));
  MpiJob* const job = keeper.get();
  current_job() = job;
  if (*rank != 0) {
    os::set_thread_name("node-agent-mpi");
    job->run();
    std::fflush(nullptr);
    const std::string why = job->why_it_ends();
    // In one write, since other ranks may have something to say as well.
    if (!why.empty())
      std::fputs(("concurrent::futures: " + node_label(host_name(), *rank) + " ends: " + why).c_str(), stderr);
    ::_exit(why.empty() ? 0 : 1);
  }
  const multiprocessing::detail::BlockSignals no_handlers;
  job->thread_ = std::thread([job] {
    os::set_thread_name("mpi");
    job->run();
  });
  ExitRegistry::instance().add(keeper);
}

/// A line for an agent's standard error, as its launcher says no more than that a rank has ended; empty: all is well.
inline std::string MpiJob::why_it_ends() const {
  if (!problem_.empty()) return problem_ + "\n";
  if (!caller_is_lost_) return {};
  const std::chrono::duration<double> timeout = patience();
  const int signal = asked_to_end().load(std::memory_order_relaxed);
  return "rank 0, where the program runs, has said nothing for " + std::to_string(timeout.count()) + " s (" +
         (signal == 0 ? std::string("node_timeout") : "after signal " + std::to_string(signal)) +
         "), or MPI reports an error.\n";
}

/// How long another rank may be silent.
inline std::chrono::nanoseconds MpiJob::patience() const noexcept {
  const std::chrono::nanoseconds timeout(timeout_.load());
  return rank_ != 0 && asked_to_end().load(std::memory_order_relaxed) != 0 ? (std::min)(timeout, asked_patience)
                                                                           : timeout;
}

/// In an agent: what ends a program that has nothing for it does not end this process.
inline void MpiJob::leave_signals_to_caller() noexcept {
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU}) {
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action.sa_handler = [](int signal) {
      if (signal == SIGHUP || signal == SIGINT || signal == SIGTERM)
        asked_to_end().store(signal, std::memory_order_relaxed);
    };
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
  }
}

/// A program that finalises MPI itself, while a thread of ours calls it, would crash or hang: it is told so. (The
/// attributes of MPI_COMM_SELF are the first thing that MPI_Finalize deletes.)
inline void MpiJob::refuse_other_ends() {
  int key = MPI_KEYVAL_INVALID;
  MPI_Comm_create_keyval(
      MPI_COMM_NULL_COPY_FN,
      [](MPI_Comm, int, void*, void* job) {
        if (static_cast<MpiJob*>(job)->finalizes_.load(std::memory_order_relaxed)) return MPI_SUCCESS;
        std::fputs(
            "concurrent::futures: this program calls MPI_Finalize itself, while the library speaks with the other "
            "ranks. "
            "It begins and ends MPI in a thread of its own: leave all calls of MPI out of the program, main "
            "included.\n",
            stderr);
        ::_exit(1);
      },
      &key, this);
  MPI_Comm_set_attr(MPI_COMM_SELF, key, nullptr);
  MPI_Comm_free_keyval(&key);
}

/// False: there is a problem.
inline bool MpiJob::begin() {
  int flag = 0;
  MPI_Initialized(&flag);
  if (flag != 0) {
    fail(
        "this program calls MPI_Init itself. An MPIPoolExecutor makes all calls of MPI in a thread of its own: leave "
        "them out of the program, main included, and make freeze_support its first line.");
    return false;
  }
  undo_binding();
  int provided = 0;
  const int wanted = rank_ == 0 ? MPI_THREAD_SERIALIZED : MPI_THREAD_FUNNELED;
  if (MPI_Init_thread(nullptr, nullptr, wanted, &provided) != MPI_SUCCESS || provided < MPI_THREAD_FUNNELED) {
    fail("MPI offers no MPI_THREAD_FUNNELED. Use an MPI that was built for threads.");
    return false;
  }
  may_be_driven_.store(rank_ == 0 && provided >= MPI_THREAD_SERIALIZED);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  int size = 1;
  int rank = 0;
  MPI_Comm_size(comm_, &size);
  MPI_Comm_rank(comm_, &rank);
  if (rank != rank_) {
    fail("the launcher calls this process rank " + std::to_string(rank_) + ", and MPI rank " + std::to_string(rank) +
         ". Start the program with the mpirun of the MPI that it was built with (`ldd` shows which that is).");
    return false;
  }
  const ipc::MutexLock lock(mutex_);
  for (int i = 0; i < size; ++i) ranks_.push_back(std::make_unique<Rank>());
  ranks_[static_cast<std::size_t>(rank)]->hello = own_hello();
  ranks_[static_cast<std::size_t>(rank)]->has_hello = true;
  has_begun_ = true;
  refuse_other_ends();
  if (rank_ != 0) leave_signals_to_caller();
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
  return true;
}

inline void MpiJob::fail(const std::string& problem) {
  const ipc::MutexLock lock(mutex_);
  problem_ = problem;
  hellos_.fetch_add(1);
  multiprocessing::detail::futex_wake(hellos_);
}

inline MpiJob::Hello MpiJob::own_hello() const {
  Hello hello;
  hello.build = pickle::detail::main_module().id;
  hello.host = host_name();
  hello.machine = machine_name();
  hello.node = each_rank_is_a_node() ? hello.machine + " " + std::to_string(rank_) : hello.machine;
  hello.pid = ::getpid();
  hello.processors = multiprocessing::usable_cpu_count();
  return hello;
}

/// The thread that speaks with MPI.
inline void MpiJob::run() {
  os::sleep_exactly();  // a sleep of 50 microseconds is meant
  if (begin()) {
    if (rank_ != 0) {
      MessageWriter message(MessageKind::hello);
      const Hello& hello = ranks_[static_cast<std::size_t>(rank_)]->hello;
      message << hello.magic << hello.protocol << hello.build << hello.host << hello.machine << hello.node << hello.pid
              << hello.processors;
      send(0, message.finish());
      // What this process has to say is heard where the program runs.
      set_log_handler([this](LogLevel level, std::string_view text) {
        send(0, (MessageWriter(MessageKind::log) << level << std::string(text)).finish());
      });
    }
    Clock::time_point looked = Clock::now();
    Clock::time_point busy = looked;
    bool told_to_leave = rank_ != 0;
    for (;;) {
      if (leaving_.load() && !std::exchange(told_to_leave, true)) {
        for (std::size_t i = 1; i < ranks_.size(); ++i)
          send(static_cast<int>(i), MessageWriter(MessageKind::leave).finish());
      }
      if (!take_mpi()) {
        rest(busy, false, false);
        continue;
      }
      const bool sent = send_some();
      const bool received = receive_some();
      const Clock::time_point now = Clock::now();
      if (now - looked >= std::chrono::milliseconds(50)) {
        count_silence((std::min)(now - looked, Clock::duration(std::chrono::milliseconds(100))));
        clear_agents_away(false);
        BodyStore::instance().give_back();
        looked = now;
      }
      if (caller_is_lost_ || (leaving_.load() && told_to_leave && all_is_sent())) break;
      if (active_.exchange(false)) {
        learn(now - busy);
        busy = now;
      }
      const bool has_pieces = has_pieces_under_way();
      const bool has_more = !sending_.empty() || !arriving_.empty();
      leave_mpi();
      if (!sent && !received) rest(busy, has_pieces, has_more);
    }  // left with MPI taken: nobody else calls it any more
    clear_agents_away(true);
    if (rank_ != 0) set_log_handler(nullptr);
    bool whole = !caller_is_lost_;
    for (const auto& rank : ranks_) whole = whole && !rank->is_lost;
    if (whole) {
      MPI_Comm_free(&comm_);
      finalizes_.store(true, std::memory_order_relaxed);
      MPI_Finalize();
    }
    return;
  }
  int flag = 0;
  MPI_Initialized(&flag);
  if (flag != 0 && comm_ != MPI_COMM_NULL) {
    finalizes_.store(true, std::memory_order_relaxed);
    MPI_Finalize();
  }
}

inline void MpiJob::finish() noexcept {
  if (rank_ != 0 || !thread_.joinable()) return;
  pools_.finish_all();
  leaving_.store(true);
  wake();
  thread_.join();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
