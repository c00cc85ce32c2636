// SPDX-License-Identifier: BSL-1.0
// A future in all executions: who waits for it goes on when it is done and sees what was done for it, whoever else
// finishes or cancels it; each callback is called once; and what is let go of last is destroyed by who sees all.
#include "model/check.hpp"

#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/process.hpp>

namespace detail = concurrent::futures::detail;

namespace {

constexpr detail::Deadline never = (detail::Deadline::max)();

struct Stage;
struct State final : detail::FutureState<int> {
  explicit State(Stage& its) : stage(its) {}
  ~State() override;
  using FutureStateBase::claim;
  using FutureStateBase::unclaim;
  Stage& stage;
};

struct Stage {
  /// As many futures as a program has.
  explicit Stage(model::Explorer::Program& program, std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) states.push_back(new State(*this));
    static_cast<void>(program);
  }
  ~Stage() {
    // Where an execution is given up, a list is locked still: the memory goes without its destructor.
    if (are_dropped) return;
    for (State* const state : states) ::operator delete(static_cast<void*>(state));
  }
  void finish(std::size_t which) {
    news[which].write(1);
    State::run(states[which]->finish_with_value(7));
  }
  /// First at what no word of the future's stands for, so that it is what was learnt before that orders it.
  void look(std::size_t which) const {
    static_cast<void>(news[which].read());
    model::expect(states[which]->done() && !states[which]->cancelled(), "the future is not done");
    model::expect(news[which].read() == 1 && states[which]->value() == 7, "what was done for it is not seen");
  }

  std::vector<State*> states;
  std::array<model::Data, 2> news{{model::Data("what was done"), model::Data("what else was done")}};
  int called = 0;
  std::uint32_t called_by = ~std::uint32_t{0};
  int begun = 0;
  int cancelled = 0;
  int destroyed = 0;
  bool are_dropped = false;
};

State::~State() {
  ++stage.destroyed;
  for (const model::Data& one : stage.news) model::expect(one.read() == 1, "it is destroyed before all have let go");
}

struct Count final : detail::OwnedCallback {
  explicit Count(bool its) : looks(its) { made.write(1); }
  void call(detail::FutureStateBase& state) override {
    Stage& stage = static_cast<State&>(state).stage;
    model::expect(made.read() == 1, "the callback is not whole");
    if (looks) stage.look(0);
    ++stage.called;
    stage.called_by = model::explorer->thread_number();
  }
  model::Data made{"the callback"};
  bool looks;
};

model::Limits limits() {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  return limits;
}

model::Case waits(const std::string& name, int waiters) {
  return {name,
          [waiters](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            program.thread("worker", [stage] {
              model::expect(stage->states[0]->try_run(), "a pending call cannot be begun");
              stage->finish(0);
            });
            for (int i = 0; i < waiters; ++i) {
              program.thread("waiter " + std::to_string(i), [stage] {
                model::expect(stage->states[0]->wait_until_done(never), "a wait without a limit ends");
                stage->look(0);
              });
            }
          },
          limits()};
}

/// One cancels while another begins, and a third waits.
model::Case cancel_or_run() {
  return {"future, cancelled or begun",
          [](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            stage->states[0]->add_callback(concurrent::pickle::detail::UniquePointer<Count>::make(false));
            program.thread("canceller", [stage] { stage->cancelled = stage->states[0]->cancel() ? 1 : 0; });
            program.thread("worker", [stage] {
              if (!stage->states[0]->try_run()) return;
              ++stage->begun;
              stage->finish(0);
            });
            program.thread("waiter", [stage] {
              static_cast<void>(stage->states[0]->wait_until_done(never));
              if (!stage->states[0]->cancelled()) stage->look(0);
            });
            program.at_end([stage] {
              model::expect(stage->cancelled + stage->begun == 1, "a call is cancelled and run, or neither");
              model::expect(stage->called == 1, "its callback is not called once");
            });
          },
          limits()};
}

/// Two cancel it: who learns that the other has done so sees why.
model::Case cancelled_twice() {
  return {"future, cancelled by two",
          [](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            stage->states[0]->add_callback(concurrent::pickle::detail::UniquePointer<Count>::make(false));
            for (std::uint32_t i = 0; i < 2; ++i) {
              program.thread("canceller " + std::to_string(i), [stage, i] {
                stage->news[i].write(1);
                model::expect(stage->states[0]->cancel(), "a pending call cannot be cancelled");
                if (stage->called_by != i) static_cast<void>(stage->news[1 - i].read());
              });
            }
            program.at_end([stage] { model::expect(stage->called == 1, "its callback is not called once"); });
          },
          limits()};
}

/// One cancels it while another adds a callback, or one begins to wait for it.
model::Case cancelled_while_added(const std::string& name, bool waits) {
  return {name,
          [waits](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            program.thread("canceller", [stage] { static_cast<void>(stage->states[0]->cancel()); });
            program.thread("other", [stage, waits] {
              if (waits)
                static_cast<void>(stage->states[0]->wait_until_done(never));
              else
                stage->states[0]->add_callback(concurrent::pickle::detail::UniquePointer<Count>::make(false));
            });
            program.at_end([stage, waits] { model::expect(waits || stage->called == 1, "a callback is not called"); });
          },
          limits()};
}

/// Who begins a call sees why it was cancelled; who sees that it runs, what was done before.
model::Case begun(const std::string& name, bool by_user) {
  return {name,
          [by_user](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            program.thread("worker", [stage, by_user] {
              State& state = *stage->states[0];
              stage->news[0].write(1);
              if (!(by_user ? state.set_running_or_notify_cancel() : state.try_run()))
                static_cast<void>(stage->news[1].read());
            });
            program.thread("other", [stage] {
              State& state = *stage->states[0];
              stage->news[1].write(1);
              if (!state.cancel() && state.running()) static_cast<void>(stage->news[0].read());
            });
          },
          limits()};
}

/// One that could not store its outcome leaves the memory to another.
model::Case given_up() {
  return {"future, one gives up and another finishes it",
          [](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            for (int i = 0; i < 2; ++i) {
              program.thread("worker " + std::to_string(i), [stage] {
                State& state = *stage->states[0];
                if (!state.claim()) return;
                stage->news[0].write(1);
                state.unclaim();
              });
            }
          },
          limits()};
}

/// Who asks only whether it has failed sees the exception.
model::Case failed() {
  return {"future, failed",
          [](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            program.thread("worker", [stage] {
              stage->news[0].write(1);
              State::run(stage->states[0]->finish_with_exception(std::make_exception_ptr(1)));
            });
            program.thread("other", [stage] {
              if (stage->states[0]->failed()) static_cast<void>(stage->news[0].read());
            });
          },
          limits()};
}

/// Two finish it at the same time, with an exception and with a value.
model::Case finished_twice() {
  return {"future, finished twice",
          [](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            program.thread("worker", [stage] { stage->finish(0); });
            program.thread("other", [stage] { State::run(stage->states[0]->finish_cancelled()); });
            program.thread("waiter", [stage] {
              static_cast<void>(stage->states[0]->wait_until_done(never));
              if (!stage->states[0]->cancelled()) stage->look(0);
            });
          },
          limits()};
}

model::Case callback(const std::string& name, int adders) {
  return {name,
          [adders](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            program.thread("worker", [stage] { stage->finish(0); });
            for (int i = 0; i < adders; ++i) {
              program.thread("adder " + std::to_string(i), [stage] {
                stage->states[0]->add_callback(concurrent::pickle::detail::UniquePointer<Count>::make(true));
              });
            }
            program.at_end([stage, adders] {
              model::expect(stage->called == adders, "of " + std::to_string(adders) + " callbacks " +
                                                         std::to_string(stage->called) + " were called");
            });
          },
          limits()};
}

/// A thread that waits for two futures at once: for both, or for one after the other.
model::Case waits_for_two(const std::string& name, bool collects) {
  return {name,
          [collects](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program, 2);
            for (std::size_t i = 0; i < 2; ++i)
              program.thread("worker " + std::to_string(i), [stage, i] { stage->finish(i); });
            program.thread("waiter", [stage, collects] {
              detail::Waiter waiter(2, false, collects);
              std::array<detail::IndexedLink, 2> links;
              for (std::size_t i = 0; i < 2; ++i) {
                links[i].waiter = &waiter;
                links[i].index = i;
                if (!stage->states[i]->add_waiter(links[i])) waiter.fire(links[i], false);
              }
              for (int come = 0; come < 2;) {
                while (!waiter.has_event()) static_cast<void>(waiter.sleep(never));
                if (!collects) {
                  for (std::size_t i = 0; i < 2; ++i) stage->look(i);
                  break;
                }
                for (detail::WaiterLink* link = waiter.take_fired(); link != nullptr; link = link->next_fired) {
                  stage->look(static_cast<detail::IndexedLink*>(link)->index);
                  ++come;
                }
              }
              for (std::size_t i = 0; i < 2; ++i) {
                stage->states[i]->remove_waiter(links[i]);
                stage->look(i);
              }
            });
          },
          limits()};
}

/// The waiter alone: it is woken by the last of two, and sees what both did.
model::Case fired_by_two() {
  struct Both : Stage {
    explicit Both(model::Explorer::Program& program) : Stage(program, 0) {}
    detail::Waiter waiter{2, false, false};
    std::array<detail::WaiterLink, 2> links;
  };
  return {"waiter, fired by two",
          [](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Both>(program);
            for (std::size_t i = 0; i < 2; ++i) {
              program.thread("worker " + std::to_string(i), [stage, i] {
                stage->news[i].write(1);
                stage->waiter.fire(stage->links[i], false);
              });
            }
            program.thread("waiter", [stage] {
              while (!stage->waiter.has_event()) static_cast<void>(stage->waiter.sleep(never));
              for (const model::Data& one : stage->news) static_cast<void>(one.read());
            });
          },
          limits()};
}

/// Two let go of it, each having done something: by a reference, or by a handle.
model::Case let_go(const std::string& name, bool handles) {
  return {name,
          [handles](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            stage->are_dropped = true;
            if (handles) {
              stage->states[0]->adopt_handle();
              stage->states[0]->add_handle();
            } else {
              stage->states[0]->add_reference();
            }
            for (std::size_t i = 0; i < 2; ++i) {
              program.thread("user " + std::to_string(i), [stage, i, handles] {
                stage->news[i].write(1);
                if (handles)
                  stage->states[0]->drop_handle();
                else
                  stage->states[0]->release();
              });
            }
            program.at_end([stage] { model::expect(stage->destroyed == 1, "it is not destroyed once"); });
          },
          limits()};
}

/// Who waits has the only other handle: it is not orphaned as long as somebody can finish it.
model::Case orphaned(const std::string& name, bool is_with_executor) {
  return {name,
          [is_with_executor](model::Explorer::Program& program) {
            const auto stage = std::make_shared<Stage>(program);
            State& state = *stage->states[0];
            state.add_handle();  // beside the stage's reference, which stands for an executor's
            if (!is_with_executor) {
              state.add_handle();
              state.release();
            }
            stage->are_dropped = true;
            stage->news[1].write(1);
            program.thread("worker", [stage, is_with_executor] {
              State& its = *stage->states[0];
              stage->finish(0);
              if (is_with_executor)
                its.release();
              else
                its.drop_handle();
            });
            program.thread("waiter", [stage] {
              State& its = *stage->states[0];
              model::expect(its.wait_unless_orphaned(), "it is finished, and taken for an orphan");
              stage->look(0);
              its.drop_handle();
            });
          },
          limits()};
}

model::Cases cases() {
  return {waits("future, one waits", 1),
          waits("future, two wait", 2),
          cancel_or_run(),
          cancelled_twice(),
          cancelled_while_added("future, cancelled while a callback is added", false),
          cancelled_while_added("future, cancelled while one waits", true),
          begun("future, begun", false),
          begun("future, begun by a user", true),
          given_up(),
          failed(),
          finished_twice(),
          callback("future, one callback", 1),
          callback("future, two callbacks", 2),
          waits_for_two("future, one waits for two", false),
          waits_for_two("future, one waits for one after the other", true),
          fired_by_two(),
          let_go("future, two references", false),
          let_go("future, two handles", true),
          orphaned("future, an executor lets go", true),
          orphaned("future, another handle lets go", false)};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Future: who waits goes on and sees what was done, each callback is called once") {
  model::check_all(cases());
}
