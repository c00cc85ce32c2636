// SPDX-License-Identifier: BSL-1.0
// The operation behind async_wait.
//
// It hangs in the future's list of callbacks and is known to a service of the handler's context. Whoever takes it off
// the future's list deletes it: the thread that runs the callbacks, after it has had the service's lock, or the
// service, with that lock, when the context ends. What it holds, the handler and the count of work, goes to the first
// of the two that has the lock; so a future that is done while its context ends, or after that, touches nothing of the
// context.
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#ifdef CONCURRENT_FUTURES_STANDALONE_ASIO
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#else
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#endif

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0::detail {

#ifdef CONCURRENT_FUTURES_STANDALONE_ASIO
namespace asio = ::asio;
#else
namespace asio = ::boost::asio;
#endif

class AsioWait;

/// The operations whose handlers belong to one context. Shared by them and its service.
struct AsioWaits {
  multiprocessing::detail::Mutex mutex;  // guards the list and what is in the operations, which the compiler cannot see
  AsioWait* first CONCURRENT_FUTURES_GUARDED_BY(mutex) = nullptr;
};

/// A wait whose handler is of whatever type.
class AsioWait : public Callback {
 public:
  AsioWait(std::shared_ptr<AsioWaits> waits, FutureStateBase& state) noexcept
      : waits_(std::move(waits)), state_(&state) {
    state_->add_reference();
  }
  ~AsioWait() override { state_->release(); }

  /// Puts it into both lists. It may be gone when this returns.
  void begin() {
    FutureStateBase& state = *state_;
    state.add_reference();  // the future may be done, and this deleted, before add_own_callback returns
    {
      const multiprocessing::detail::MutexLock lock(waits_->mutex);
      next_ = std::exchange(waits_->first, this);
      if (next_ != nullptr) next_->previous_ = this;
    }
    if (!state.add_own_callback(*this)) run(state);
    state.release();
  }

  /// When the context ends, without the lock: the handlers are destroyed, and the rest of whoever still hangs on a
  /// future.
  static void abandon_all(AsioWaits& waits) noexcept {
    for (;;) {
      std::unique_ptr<Content> content;  // both go without the lock
      std::unique_ptr<AsioWait> ours;
      const multiprocessing::detail::MutexLock lock(waits.mutex);
      AsioWait* const wait = waits.first;
      if (wait == nullptr) return;
      wait->waits_->mutex.is_held();  // it is the same
      wait->unlink();
      content = std::move(wait->content_);
      // Otherwise a thread is about to run it, or to hang it up: it is empty when its turn comes.
      if (wait->state_->remove_own_callback(*wait)) ours.reset(wait);
    }
  }

 protected:
  struct Content {
    virtual ~Content() = default;
    virtual void post() = 0;
  };
  void set_content(std::unique_ptr<Content> content) noexcept { content_ = std::move(content); }

 private:
  void drop() noexcept override { delete this; }
  void run(FutureStateBase& /*state*/) override {
    const std::unique_ptr<AsioWait> self(this);
    const multiprocessing::detail::MutexLock lock(waits_->mutex);
    if (content_ == nullptr) return;
    unlink();
    // Posted and destroyed under the lock: the context cannot end meanwhile, and the count of work is given back to it.
    const std::unique_ptr<Content> content = std::move(content_);
    content->post();
  }
  void unlink() noexcept CONCURRENT_FUTURES_REQUIRES(waits_->mutex) {
    (previous_ != nullptr ? previous_->next_ : waits_->first) = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
  }

  const std::shared_ptr<AsioWaits> waits_;
  FutureStateBase* const state_;
  AsioWait* next_ = nullptr;
  AsioWait* previous_ = nullptr;
  std::unique_ptr<Content> content_;
};

/// Tells the waits of a context that it ends.
class AsioWaitService final : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit AsioWaitService(asio::execution_context& context) : service(context) {}
  const std::shared_ptr<AsioWaits>& waits() const noexcept { return waits_; }

 private:
  void shutdown() noexcept override { AsioWait::abandon_all(*waits_); }

  std::shared_ptr<AsioWaits> waits_ = std::make_shared<AsioWaits>();
};

template <class Executor>
std::shared_ptr<AsioWaits> waits_of(const Executor& executor) {
  if constexpr (asio::can_query<const Executor&, asio::execution::context_t>::value) {
    asio::execution_context& context = asio::query(executor, asio::execution::context);
    return asio::use_service<AsioWaitService>(context).waits();
  } else {
    return std::make_shared<AsioWaits>();
  }
}

/// The outcome of `future` for `handler`, in the handler's executor.
template <class Handler, class T>
void deliver(Handler& handler, Future<T> future) {
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    try {
      future.result();
    } catch (...) {
      error = std::current_exception();
    }
    std::move(handler)(error);
  } else {
    std::optional<T> value;
    try {
      value.emplace(std::move(future).result());
    } catch (...) {
      error = std::current_exception();
    }
    if (value) {
      std::move(handler)(std::exception_ptr(), std::move(*value));
    } else {
      std::move(handler)(error, T());
    }
  }
}
template <class Handler>
void deliver(Handler& handler, const AnyFuture& future) {
  std::exception_ptr error;
  try {
    error = future.exception();
  } catch (...) {
    error = std::current_exception();
  }
  std::move(handler)(error);
}

/// Keeps the executor's context running. Not a work guard where the executor can be asked for that itself: of a strand
/// of an any_io_executor, Asio 1.24 cannot make one.
template <class Executor>
auto outstanding_work(const Executor& executor) {
  if constexpr (requires { asio::prefer(executor, asio::execution::outstanding_work.tracked); }) {
    return asio::prefer(executor, asio::execution::outstanding_work.tracked);
  } else {
    return asio::executor_work_guard<Executor>(executor);
  }
}

template <class Handler, class Handle>
class AsioWaitFor final : public AsioWait {
  using Executor = typename asio::associated_executor<Handler>::type;

  struct Completion {
    Handler handler;
    Handle future;
    void operator()() {
      asio::get_associated_cancellation_slot(handler).clear();  // lets go of its handle, too
      Handler called(std::move(handler));
      Handle done(std::move(future));
      deliver(called, std::move(done));
    }
  };

  struct Waiting final : Content {
    Waiting(Handler&& given, Handle&& awaited)
        : completion{std::move(given), std::move(awaited)},
          executor(asio::get_associated_executor(completion.handler)),
          work(outstanding_work(executor)) {}
    void post() override { asio::post(executor, std::move(completion)); }
    Completion completion;
    Executor executor;
    decltype(outstanding_work(std::declval<const Executor&>())) work;
  };

 public:
  AsioWaitFor(Handler handler, Handle future)
      : AsioWait(waits_of(asio::get_associated_executor(handler)), *HandleAccess::state(future)) {
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
      slot.assign([future](asio::cancellation_type type) {
        if ((type & asio::cancellation_type::terminal) != asio::cancellation_type::none) {
          future.terminate();
        } else if (type != asio::cancellation_type::none) {
          future.request_stop();
        }
      });
    }
    this->set_content(std::make_unique<Waiting>(std::move(handler), std::move(future)));
  }
};

template <class Signature, class Handle, class CompletionToken>
auto initiate_wait(Handle future, CompletionToken&& token) {
  HandleAccess::checked_state(future);
  return asio::async_initiate<CompletionToken, Signature>(
      []<class Handler>(Handler&& handler, Handle awaited) {
        (new AsioWaitFor<std::decay_t<Handler>, Handle>(std::forward<Handler>(handler), std::move(awaited)))->begin();
      },
      token, std::move(future));
}

}  // namespace concurrent::futures::inline v0::detail
