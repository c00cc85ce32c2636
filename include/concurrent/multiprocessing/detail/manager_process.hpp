// SPDX-License-Identifier: BSL-1.0
// The maker's side of a Manager's server. The server is the one worker of a zygote (zygote.hpp), whose initializer
// never returns: so it is made as workers are, ends when its maker does, and nobody but the zygote reaps it.
#pragma once

#include <concurrent/multiprocessing/detail/block_list.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/manager_orders.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/process_end.hpp>
#include <concurrent/multiprocessing/detail/proxy_base.impl.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/multiprocessing/detail/zygote_process.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/os/pages.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class ManagerProcess {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ManagerProcess(Context context) {
    if (context.method() != StartMethod::fork && !freeze_support_was_called()) {
      throw RuntimeError("concurrent::multiprocessing: the start method \"" + context.get_start_method() +
                         "\" starts this program again, which needs freeze_support. Make this the first line of main:\n"
                         "    concurrent::multiprocessing::freeze_support(argc, argv);");
    }
    static std::atomic<std::uint32_t> next_number{1};
    const std::uint32_t number = next_number.fetch_add(1);
    ManagerOrders orders{draw_shared_id(), draw_shared_id(), "Manager-" + std::to_string(number), Event()};
    SegmentGeometry geometry;
    geometry.workers = 1;
    geometry.queue_capacity = 1;
    geometry.ring_capacity = 2;
    geometry.records = 4;
    const auto segment = std::make_unique<Segment>(Segment::create(geometry));
    pickle::detail::VectorWriter call;
    call.set_audience(pickle::Audience::fresh_images);
    pickle::dump_call<pickle::Pickle>(call, &run_manager_server, orders);
    BlockList blocks(segment->caller_region());
    const Allocation block = blocks.allocate(call.size());
    if (block.address == nullptr) throw_errno(ENOMEM, "allocation of the manager's orders");
    std::memcpy(block.address, call.data(), call.size());
    segment->set_initializer(segment->offset_of(block.address), call.size());

    zygote_.start(*segment, context.method(), initializer_of(*segment), no_pool);
    segment->close_descriptor();
    os::keep_from_forks(segment->base(), segment->geometry().size);
    zygote_.send({ZygoteRequest::Kind::start, 0, serial, 0, number});
    secret_ = orders.secret;
    while (!orders.ready.wait_for(std::chrono::milliseconds(5))) {
      if (take_reports(Clock::now())) break;
    }
    while (pid_ == 0 && !take_reports(Clock::now() + std::chrono::milliseconds(5))) {
    }
    if (ended_) {
      const std::string how = how_;
      end_zygote();
      throw RuntimeError("concurrent::multiprocessing: the server of the manager " + how + " before it was ready.");
    }
    link_ = ManagerLink::find({orders.id, pid_});
  }  // the segment has done its duty: what it held has been read
  ManagerProcess(const ManagerProcess&) = delete;
  ManagerProcess& operator=(const ManagerProcess&) = delete;

  const std::shared_ptr<ManagerLink>& link() const noexcept { return link_; }
  pid_t pid() const noexcept { return pid_; }

  /// How the server has ended; empty: it has not, in that time.
  std::string how_it_ended(std::chrono::nanoseconds patience) {
    if (!fork_guard_.is_owner()) return {};
    const MutexLock lock(mutex_);
    if (!ended_) take_reports(Clock::now() + patience);
    return ended_ ? how_ : std::string();
  }

  void shutdown() noexcept {
    if (!fork_guard_.is_owner()) return;
    const MutexLock lock(shutdown_mutex_);
    if (shut_down_) return;
    shut_down_ = true;
    link_->quit(secret_);
    {
      const MutexLock reports(mutex_);
      // It takes care to end in less; one that is stopped, or out of its mind, is killed.
      if (!take_reports(Clock::now() + std::chrono::seconds(1))) {
        zygote_.send({ZygoteRequest::Kind::signal, 0, serial, SIGKILL, 0});
        take_reports(Clock::now() + std::chrono::seconds(5));
      }
      ended_ = true;
      how_ = "was shut down";
    }
    end_zygote();
    link_->close();
  }

 private:
  static constexpr std::uint64_t no_pool = ~std::uint64_t{0};  // that of no executor
  static constexpr std::uint64_t serial = 1;

  /// Until the server has ended, or the deadline. Whether it has ended.
  bool take_reports(Clock::time_point deadline) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    while (!ended_) {
      ZygoteReport report;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (!zygote_.report_waits((std::max)(left, std::chrono::milliseconds(0)))) {
        if (Clock::now() >= deadline) return false;
      } else if (!zygote_.receive(report)) {
        ended_ = true;
        how_ = "has ended, as its helper process has";
      } else if (report.kind == ZygoteReport::Kind::started) {
        pid_ = report.pid;
        if (Clock::now() >= deadline) return false;
      } else if (report.kind == ZygoteReport::Kind::start_failed) {
        ended_ = true;
        how_ = "could not be started (" + std::generic_category().message(report.status) + ")";
      } else if (report.kind == ZygoteReport::Kind::ended) {
        ended_ = true;
        how_ = report.executed != 0 ? "has become another program" : describe_status(report.status);
      }
    }
    return true;
  }
  void end_zygote() noexcept {
    zygote_.send({ZygoteRequest::Kind::quit, 0, 0, 0, 0});
    zygote_.reap();
    zygote_.close();
  }

  ForkGuard fork_guard_;
  ZygoteProcess zygote_;
  SharedId secret_{};
  std::shared_ptr<ManagerLink> link_;
  Mutex shutdown_mutex_;  // taken before the other
  bool shut_down_ CONCURRENT_FUTURES_GUARDED_BY(shutdown_mutex_) = false;
  Mutex mutex_;
  pid_t pid_ = 0;  // constant once the constructor has returned
  bool ended_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  std::string how_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

}  // namespace detail

CONCURRENT_FUTURES_INLINE Manager::Manager(Context context)
    : process_(std::make_shared<detail::ManagerProcess>(context)) {
  const std::weak_ptr<detail::ManagerProcess> process = process_;
  process_->link()->set_how_it_ended([process] {
    constexpr std::chrono::milliseconds patience{40};
    const auto here = process.lock();
    return here ? here->how_it_ended(patience) : std::string("was shut down");
  });
}
CONCURRENT_FUTURES_INLINE Manager::~Manager() { process_->shutdown(); }
CONCURRENT_FUTURES_INLINE void Manager::shutdown() { process_->shutdown(); }
CONCURRENT_FUTURES_INLINE pid_t Manager::pid() const noexcept { return process_->pid(); }
CONCURRENT_FUTURES_INLINE std::shared_ptr<detail::ManagerLink> Manager::link() const { return process_->link(); }
CONCURRENT_FUTURES_INLINE std::size_t Manager::number_of_objects() {
  return detail::run_in_server<&detail::count_managed_objects>(*link(), detail::ManagedKey{});
}

}  // namespace concurrent::multiprocessing::inline v0
