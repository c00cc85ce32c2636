// SPDX-License-Identifier: BSL-1.0
// The caller's side of a pool over several nodes; message.hpp says how it speaks with them.
//
// submit pickles a call, which waits in the ledger until somebody sees that a node has a credit, and sends it there.
// What comes back is laid into the inbox by whoever brings it, and handled by the pool's own thread, the manager, or by
// a thread of the program that waits for a result just then. Callbacks alone are always the manager's.
#pragma once

#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/nodes/body_writer.hpp>
#include <concurrent/futures/detail/nodes/clock_offset.hpp>
#include <concurrent/futures/detail/nodes/node_call_ledger.hpp>
#include <concurrent/futures/detail/nodes/node_credits.hpp>
#include <concurrent/futures/detail/nodes/node_inbox.hpp>
#include <concurrent/futures/detail/nodes/node_item.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>
#include <concurrent/futures/detail/nodes/open_order.hpp>
#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/pending_limit.hpp>
#include <concurrent/futures/detail/pool/pool_future_state.hpp>
#include <concurrent/futures/detail/pool/pool_text.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/futures/mpi_options.hpp>
#include <concurrent/futures/statistics.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

class NodePool;

/// A node as one pool uses it. Belongs to that pool's lock, but for what is constant.
class PoolNode final : public NodePeer {
 public:
  PoolNode(NodePool& pool, std::size_t index, NodePlace where) : place(std::move(where)), pool_(&pool), index_(index) {}

  void receive(Message message) noexcept override;
  void lost(const std::string& reason) noexcept override;

  bool is_usable() const noexcept { return is_open && !is_lost && !has_no_worker && limit > 0; }
  bool has_credit() const noexcept { return is_usable() && out < credits.count(); }
  std::string label() const { return node_label(place.host, place.rank); }

  const NodePlace place;
  std::unique_ptr<NodeLink> link;
  ProcessPool* local_pool = nullptr;  // with a reference
  int workers = 1;                    // that it was opened with
  int limit = 1;                      // how many it may have now
  int most = 1;                       // how many that may be
  std::size_t out = 0;                // calls that it has
  NodeCredits credits{1};             // how many it may have
  bool is_open = false;
  bool is_lost = false;
  bool is_closed = false;
  bool has_no_worker = false;  // and the system refuses it one, as it has told
  bool has_ended_workers = false;
  std::uint32_t census = 0;           // the last one that it has answered
  std::uint32_t state = 0;            // the last one that was heard
  int wanted = 1;                     // how many workers it was last told to have
  std::uint32_t asked = 0;            // and when
  std::uint32_t resized = 0;          // the last time that it has answered
  std::exception_ptr resize_refusal;  // what it threw then
  std::vector<pid_t> pids;
  std::uint64_t live_workers = 0;
  std::uint64_t workers_started = 0;
  std::uint64_t workers_lost = 0;
  std::exception_ptr refusal;  // what its start threw
  ClockOffset clock;
  std::int64_t clock_asked_at = 0;
  std::uint32_t clock_asked = 0;  // the last round in which it was asked
  std::uint32_t clock_answered = 0;

 private:
  NodePool* pool_;
  std::size_t index_;
};

/// What is behind an MPIPoolExecutor; it lives as long as the executor, its thread or one of its futures does.
class NodePool final : public FutureOwner {
 public:
  /// Chooses nodes and opens them. Throws std::invalid_argument, std::system_error, and what a node's start throws.
  static NodePool* make(MPIPoolOptions options, std::vector<NodePlace> places);

  // For the executor.
  bool is_here() const noexcept { return fork_guard_.is_owner(); }
  void check_open();
  bool is_limited() const noexcept { return options_.max_pending.has_value(); }
  bool reserve(Admission admission);
  void give_back_place() noexcept;
  pickle::Audience audience() const noexcept;
  void submit(NodeItem& item, BodyWriter& call);
  void count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept;
  void shutdown(bool cancel_futures);
  bool wait_until_ended(Deadline deadline);
  void warm_up(int workers);
  void stop_workers(int signal);
  void set_max_workers(int workers);
  int max_workers() const noexcept { return max_workers_.load(std::memory_order_relaxed); }
  std::vector<pid_t> processes();
  std::vector<NodeInfo> nodes();
  std::size_t pending_work_items();
  PoolStatistics statistics();
  PoolSnapshot snapshot();
  const multiprocessing::Context& context() const noexcept { return options_.mp_context; }
  void trace(const std::string& path);

  // For futures.
  bool withdraw(OwnedCall& call) noexcept override;
  bool taken(const OwnedCall& call) noexcept override;
  bool stop(OwnedCall& call) noexcept override;
  bool ask_to_stop(OwnedCall& call) noexcept override;
  void read_progress(OwnedCall& call, std::uint64_t& done, std::uint64_t& total) noexcept override;
  bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline) override;
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) override;

  // For PoolNode.
  void deliver(std::size_t node, Message message) noexcept;
  void deliver_loss(std::size_t node, const std::string& reason) noexcept;

 private:
  NodePool(MPIPoolOptions options, std::vector<NodePlace> places);
  ~NodePool();
  void destroy() noexcept override;

  // node_pool_start.hpp
  static void check_options(const MPIPoolOptions& options);
  void open_nodes();
  [[noreturn]] void throw_closed() const CONCURRENT_FUTURES_REQUIRES(mutex_);

  // node_pool_resize.hpp
  std::vector<int> shares(int workers) const CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool answers(const PoolNode& node) const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  std::exception_ptr resize_nodes(const std::vector<int>& numbers, ipc::MutexLock& lock)
      CONCURRENT_FUTURES_REQUIRES(mutex_) CONCURRENT_FUTURES_UNCHECKED_LOCKS;

  // node_pool_calls.hpp: towards the nodes
  void feed_nodes() CONCURRENT_FUTURES_REQUIRES(mutex_);
  PoolNode* choose_node() noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool no_node_is_usable() const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void send_call(NodeItem& item, PoolNode& node, const SentParts* parts = nullptr) CONCURRENT_FUTURES_REQUIRES(mutex_);
  void send_about(const NodeItem& item, MessageKind kind);
  void drop(NodeItem& item) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void take_off(NodeItem& item) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void recall_for_idle_nodes() CONCURRENT_FUTURES_REQUIRES(mutex_);
  friend class PendingLimit;
  std::size_t waiting_calls() const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) { return ledger_.waiting(); }
  bool is_closed() const noexcept { return closed_.load(std::memory_order_relaxed); }
  void close_gate() noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool stop(NodeItem& item, OnStop how) noexcept;

  // node_pool_parts.hpp: large blocks of a call that go before it
  friend class BodyWriter;
  bool begin_parts(SentParts& parts);
  bool send_part(const SentParts& parts, std::size_t at, std::size_t room, Bytes bytes);
  void drive_parts() noexcept;
  bool takes_call_of(const SentParts& parts, const NodeItem& item) const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  static Message finish_with_rest(MessageWriter& message, const Bytes& bytes, const SentParts& parts);
  void end_parts(const SentParts& parts, bool are_void = true) noexcept;

  // node_pool_results.hpp: from the nodes
  bool pump_results();
  void learn_polling(std::chrono::nanoseconds slept) noexcept;
  bool processors_are_scarce() const noexcept;
  void handle(NodeInbox::Entry& inbound);

  // node_pool_outcomes.hpp: how calls end
  void take_result(std::size_t index, const Message& message);
  static std::uint64_t PoolStatistics::* counter(const NodeItem& item, CallOutcome outcome) noexcept;
  void finish_item(NodeItem& item, CallOutcome outcome, MessageReader& reader, const PoolNode& node);
  void fail(NodeItem& item, std::exception_ptr exception) noexcept;
  void cancel(NodeItem& item) noexcept;
  void end_as_cancelled(NodeItem& item) noexcept;
  void count(std::uint64_t PoolStatistics::* outcome, int more) noexcept;

  // node_pool_loss.hpp
  void node_lost(std::size_t index, const std::string& reason);
  void break_pool(const std::string& reason);

  // node_pool_trace.hpp
  void ask_clocks();
  void ask_clock(PoolNode& node);
  void trace_submit(NodeItem& item) noexcept;
  void take_trace(PoolNode& node, MessageKind kind, MessageReader& reader) CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool flush_trace(bool ends);

  // node_pool_manage.hpp: the manager's thread
  void manage();
  void wake_manager() noexcept { inbox_.wake_manager(); }
  /// A body is sent or has come. Once one was large, the manager looks every second for memory to give back.
  void note_body(std::size_t size) noexcept {
    if (size >= pickle::detail::large_block && !large_bodies_.exchange(true, std::memory_order_relaxed))
      wake_manager();  // after it: who sees the signal sees the word
  }
  void finish_callbacks(CallbackList callbacks);
  void run_deferred();
  bool wind_down();
  void await_answer(std::uint32_t seen, Deadline deadline);
  bool is_own_thread() const noexcept {
    return std::this_thread::get_id() == manager_id_.load(std::memory_order_relaxed);
  }

  MPIPoolOptions options_;
  const std::uint32_t id_;
  std::atomic<int> max_workers_{1};
  multiprocessing::detail::ForkGuard fork_guard_;
  std::vector<std::unique_ptr<PoolNode>> nodes_;  // constant
  bool is_alone_ = true;                          // constant: its only node is the caller's own
  std::atomic<ProcessPool*> local_pool_{nullptr};
  NodeDriver* driver_ = nullptr;  // constant
  std::thread manager_;
  ipc::Mutex join_mutex_;
  ipc::Mutex resize_mutex_;  // before the lock

  NodeInbox inbox_;                            // has a lock of its own
  std::atomic<std::int64_t> polling_{50'000};  // for how many nanoseconds a thread polls that waits for other nodes

  ipc::Mutex mutex_;
  NodeCallLedger ledger_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::atomic<std::size_t> resolving_ = 0;  // off the table, not resolved yet
  PendingLimit pending_limit_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::vector<CallbackList> deferred_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::string broken_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  bool shutting_down_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  std::atomic<bool> was_stopped_{
      false};  // by terminate_workers or kill_workers: each node tells what became of its calls
  bool gives_up_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;  // calls that come back are not sent again
  bool close_sent_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  bool was_used_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  std::uint64_t last_parts_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;    // numbers calls in parts
  std::size_t calls_in_parts_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // that are being submitted
  std::uint32_t questions_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;     // numbers what nodes are asked
  std::uint32_t clock_round_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;
  PoolStatistics counts_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  pickle::detail::UniquePointer<TraceSink> trace_;  // constant once it is there; has a lock of its own

  std::atomic<bool> closed_{false};  // submit throws
  std::atomic<bool> large_bodies_{false};
  std::atomic<std::thread::id> manager_id_{};
  std::atomic<std::uint32_t> ended_{0};
};

/// The state of a future of this pool, and its item.
template <class R, class Serializer>
using NodeFutureState = PoolFutureState<R, Serializer, NodeItem>;

inline void PoolNode::receive(Message message) noexcept { pool_->deliver(index_, std::move(message)); }
inline void PoolNode::lost(const std::string& reason) noexcept { pool_->deliver_loss(index_, reason); }

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#include <concurrent/futures/detail/nodes/node_pool_calls.hpp>
#include <concurrent/futures/detail/nodes/node_pool_control.hpp>
#include <concurrent/futures/detail/nodes/node_pool_loss.hpp>
#include <concurrent/futures/detail/nodes/node_pool_manage.hpp>
#include <concurrent/futures/detail/nodes/node_pool_outcomes.hpp>
#include <concurrent/futures/detail/nodes/node_pool_parts.hpp>
#include <concurrent/futures/detail/nodes/node_pool_resize.hpp>
#include <concurrent/futures/detail/nodes/node_pool_results.hpp>
#include <concurrent/futures/detail/nodes/node_pool_start.hpp>
#include <concurrent/futures/detail/nodes/node_pool_trace.hpp>
#include <concurrent/futures/detail/nodes/node_pool_wait.hpp>
