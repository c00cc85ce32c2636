// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/exception_registry.hpp>
#include <concurrent/multiprocessing/detail/item_bytes.hpp>
#include <concurrent/multiprocessing/detail/queue_core.hpp>
#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/pickle/detail/type_number.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {

/// A queue between processes of anything that pickles: a handle, whose copies mean the same queue, and that may be a
/// task's argument or result.
///
/// Items of one thread come out in the order in which it put them. An item is in the queue when put returns, and stays
/// there when its producer ends. A process that is killed while it puts or gets holds up nobody: the item that it was
/// putting is whole or absent, one that it had taken is lost with it. One that is stopped holds up nobody either.
///
/// Threads: any, at once.
/// Python: `multiprocessing.JoinableQueue`; but what fails to pickle is thrown by put, there is no thread that feeds,
/// qsize, empty and full agree, and close is for everybody.
template <class T>
class Queue {
 public:
  using value_type = T;
  /// The most items that a queue can have room for.
  static constexpr std::size_t most_items = detail::QueueCore::most_items;

  /// Makes a queue with room for `maxsize` items; 0: for most_items.
  /// Throws: std::invalid_argument when that is more than most_items; std::system_error when the system has no room or
  /// no descriptor.
  explicit Queue(std::size_t maxsize = 0) : core_(checked(maxsize), type()) {}

  /// Appends an item; waits while the queue is full.
  /// Throws: Closed; PicklingError or what the type's own functions throw, and then nothing was put; std::system_error
  /// when there is no memory. Blocks: until there is room, asleep.
  void put(const T& item) const { static_cast<void>(put_until(item, (detail::Deadline::max)())); }
  /// Appends an item if there is room; returns whether there was. Throws: as put.
  [[nodiscard]] bool try_put(const T& item) const { return put_until(item, (detail::Deadline::min)()); }
  /// Waits for room for at most `timeout`; 0 or less is an attempt. Throws: as put.
  template <class Rep, class Period>
  [[nodiscard]] bool put_for(const T& item, const std::chrono::duration<Rep, Period>& timeout) const {
    return put_until(item, detail::deadline_after(timeout));
  }

  /// Takes the oldest item; waits while there is none.
  /// Throws: Closed when the queue was closed and is empty; UnpicklingError or what the type's own functions throw: the
  /// item is lost then. Blocks: until there is one, asleep.
  T get() const { return *get_until((detail::Deadline::max)()); }
  /// Takes the oldest item if there is one. Throws: as get.
  [[nodiscard]] std::optional<T> try_get() const { return get_until((detail::Deadline::min)()); }
  /// Waits for at most `timeout`; 0 or less is an attempt. Throws: as get.
  template <class Rep, class Period>
  [[nodiscard]] std::optional<T> get_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return get_until(detail::deadline_after(timeout));
  }

  /// How many items are in it, at this moment.
  std::size_t qsize() const { return core_.size(); }
  /// Whether nothing is queued; another process may change that at any time. Python: Queue.empty.
  bool empty() const { return core_.size() == 0; }
  /// Whether it holds as much as it may; another process may change that at any time. Python: Queue.full.
  bool full() const { return core_.size() >= core_.most(); }

  /// Ends the queue for everybody: put throws Closed from now on, and get when what is in it has been taken, or, with
  /// `discard`, has been dropped. Wakes all who wait. Any number of times.
  void close(bool discard = false) const { core_.close(discard); }

  /// Says that an item that was taken has been dealt with. A thread that ended counts as done with what it had taken.
  /// Throws: RuntimeError when there was one call more than items taken.
  void task_done() const {
    if (core_.task_done()) return;
    throw RuntimeError(
        "concurrent::multiprocessing: task_done was called more often than items were taken from the queue. Call it "
        "once for each.");
  }
  /// Waits until the queue is empty and each item that was taken is done. Blocks: until then, asleep.
  void join() const { core_.join(); }

  /// Whether both are the same queue.
  friend bool operator==(const Queue&, const Queue&) noexcept = default;

 private:
  friend struct pickle::Pickler<Queue>;
  explicit Queue(detail::QueueCore core) noexcept : core_(std::move(core)) {}

  static std::uint32_t checked(std::size_t maxsize) {
    if (maxsize > most_items) {
      throw std::invalid_argument("concurrent::multiprocessing: the maxsize of a queue is " + std::to_string(maxsize) +
                                  ". It must be at most " + std::to_string(most_items) + ".");
    }
    return static_cast<std::uint32_t>(maxsize == 0 ? most_items : maxsize);
  }
  /// So that no process takes the queue for one of another type.
  static std::uint64_t type() noexcept { return pickle::detail::type_number<T>(); }
  [[noreturn, gnu::cold]] static void refuse_closed(const char* what) {
    throw Closed(std::string("concurrent::multiprocessing: the queue is closed, so nothing can be ") + what + " it.");
  }
  bool put_until(const T& item, detail::Deadline deadline) const {
    if (core_.is_closed()) refuse_closed("put into");
    detail::ItemWriter writer;
    pickle::detail::dump_value(writer, item);
    switch (core_.put({writer.data(), writer.size()}, deadline)) {
      case detail::QueueCore::Outcome::closed:
        refuse_closed("put into");
      case detail::QueueCore::Outcome::done:
        return true;
      default:
        return false;
    }
  }
  std::optional<T> get_until(detail::Deadline deadline) const {
    detail::ItemBytes bytes;
    switch (core_.get(bytes, deadline)) {
      case detail::QueueCore::Outcome::closed:
        refuse_closed("taken from");
      case detail::QueueCore::Outcome::done:
        return pickle::loads<T>(bytes.span());
      default:
        return std::nullopt;
    }
  }

  detail::QueueCore core_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to the queue: the copy means the same one.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it, or it is a
/// queue of another type; std::system_error when this one has no room for it.
template <class T>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Queue<T>> {
  using Queue = concurrent::multiprocessing::Queue<T>;
  static void dump(Writer& writer, const Queue& queue) { queue.core_.dump(writer); }
  static Queue load(Reader& reader) {
    return Queue(concurrent::multiprocessing::detail::QueueCore::load(reader, Queue::type()));
  }
};
