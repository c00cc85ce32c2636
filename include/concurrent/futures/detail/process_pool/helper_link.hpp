// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/multiprocessing/detail/zygote_process.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The helper process, which starts and reaps the workers, and the way to it and back: requests from any thread, each a
/// message that is sent at once; reports through the monitor's thread, which reads them and puts them into a mailbox
/// for the manager, in their order; after that of the helper's own end there is no other. The mailbox has a lock of its
/// own, under which no other is taken.
class HelperLink {
 public:
  using Request = multiprocessing::detail::ZygoteRequest;
  using Report = multiprocessing::detail::ZygoteReport;

  /// Room for all reports that can wait, so that the monitor needs no memory. Throws std::bad_alloc.
  void open(std::uint32_t workers) {
    const multiprocessing::detail::MutexLock lock(mutex_);
    mailbox_.reserve(3 * std::size_t{workers} + 1);
  }

  multiprocessing::detail::ZygoteProcess& process() noexcept { return process_; }
  pid_t pid() const noexcept { return process_.pid(); }

  // ---- Requests. They are lost on a helper that has gone, of which the mailbox will tell.

  void start_worker(std::uint32_t slot, std::uint64_t serial, std::uint32_t name) noexcept {
    process_.send({Request::Kind::start, slot, serial, 0, name});
  }
  void signal_worker(std::uint32_t slot, std::uint64_t serial, int signal) noexcept {
    process_.send({Request::Kind::signal, slot, serial, signal, 0});
  }
  void quit() noexcept { process_.send({Request::Kind::quit, 0, 0, 0, 0}); }
  /// It answers when it has done all that was asked for before. Returns a number for wait_for_answer(). With the pool's
  /// lock.
  std::uint32_t ask() noexcept {
    process_.send({Request::Kind::sync, 0, ++asked_, 0, 0});
    return asked_;
  }
  /// Brings the monitor's thread out of its sleep: it answers to an old question once more. With the pool's lock.
  void nudge_monitor() noexcept { process_.send({Request::Kind::sync, 0, asked_, 0, 0}); }
  void wait_for_answer(std::uint32_t number, Deadline deadline) const noexcept {
    for (std::uint32_t seen = 0; (seen = answered_.load(std::memory_order_acquire)) < number;) {
      if (has_passed(deadline)) return;
      multiprocessing::detail::futex_wait(answered_, seen, deadline);
    }
  }

  // ---- For the monitor's thread

  void note_answer(std::uint32_t number) noexcept {
    answered_.store(number, std::memory_order_release);
    multiprocessing::detail::futex_wake(answered_);
  }
  /// It answers nobody any more.
  void note_silence() noexcept { note_answer(~std::uint32_t{0}); }
  void post(const Report& report) noexcept {
    const multiprocessing::detail::MutexLock lock(mutex_);
    mailbox_.push_back(report);
  }
  /// The report of the helper's own end.
  static Report end_of_helper(int status) noexcept {
    Report report{};
    report.kind = Report::Kind::ready;
    report.worker = ~std::uint32_t{0};
    report.status = status;
    return report;
  }
  static bool is_end_of_helper(const Report& report) noexcept {
    return report.kind == Report::Kind::ready && report.worker == ~std::uint32_t{0};
  }

  // ---- For the manager

  /// The oldest report. False: there is none.
  bool take_report(Report& report) noexcept {
    const multiprocessing::detail::MutexLock lock(mutex_);
    if (mailbox_.empty()) return false;
    report = mailbox_[0];
    mailbox_.pop_front();  // they are few
    return true;
  }

 private:
  multiprocessing::detail::ZygoteProcess process_;
  multiprocessing::detail::Mutex mutex_;
  multiprocessing::detail::PlainVector<Report> mailbox_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::uint32_t asked_ = 0;
  std::atomic<std::uint32_t> answered_{0};
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
