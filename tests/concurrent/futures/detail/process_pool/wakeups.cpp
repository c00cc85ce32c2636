// SPDX-License-Identifier: BSL-1.0
// Who wakes whom, with threads in the parts of a worker, the manager, and those who wait and submit.
#include <atomic>
#include <chrono>
#include <concurrent/futures/detail/process_pool/wakeups.impl.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/watched_ring.hpp"

#include <sys/mman.h>

namespace ipc = concurrent::multiprocessing::detail;
using concurrent::futures::detail::Deadline;
using concurrent::futures::detail::Wakeups;

namespace {

constexpr std::chrono::seconds lost_after(20);

Deadline from_now(std::chrono::nanoseconds time) { return std::chrono::steady_clock::now() + time; }

/// Everybody who has to do with a ring.
struct RingStage : support::WatchedRing {
  void manage() {
    while (!over.load()) {
      while (pump()) {
      }
      if (++looks % 4 == 0) poll_for_a_while();
      const Wakeups::Pace pace = watch.pace();
      const bool polls = pace != Wakeups::Pace::quiet && pace != Wakeups::Pace::grew_quiet;
      // Nothing but a wake-up, or its own polling, may bring it out of this.
      const Deadline deadline = from_now(polls ? std::chrono::nanoseconds(20'000) : lost_after);
      watch.sleep_manager(deadline, [this] { return ready(); });
    }
  }

  /// The manager, after a callback.
  void poll_for_a_while() {
    bool polled = false;
    for (int stretch = 0; stretch < 3 && watch.try_pump(); ++stretch) {
      polled = true;
      watch.poll();
      for (ipc::Polling polling(20'000); polling.again();) pump();
      watch.let_others_pump();
    }
    if (polled) watch.stop_polling([this] { return pump(); });
  }

  /// A thread that waits for one result more than there were.
  void wait(std::mt19937& random) {
    const std::uint32_t old = results.load();
    const auto is_ready = [this] { return ready(); };
    const auto pump_once = [this] { return pump(); };
    if (random() % 2 == 0 && watch.try_pump()) {
      watch.poll();
      for (auto i = random() % 200; i != 0 && results.load() == old; --i) pump();
      watch.hand_back(pump_once, is_ready);
    }
    if (results.load() != old || over.load()) return;
    if (watch.try_pump()) {
      if (!watch.sleep(results, old, from_now(lost_after), is_ready)) no_way_to_wait_for_two = true;
      while (pump()) {
      }
      watch.hand_back(pump_once, is_ready);
    } else {
      ipc::futex_wait(results, old, from_now(lost_after));
    }
  }

  std::atomic<bool> over{false};
  std::atomic<bool> no_way_to_wait_for_two{false};
  int looks = 0;  // the manager's
};

}  // namespace

TEST_CASE("Wakeups: a result is seen, whoever looks, sleeps, submits or grows quiet at that moment") {
  RingStage stage;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { stage.manage(); });
  for (unsigned seed : {1u, 2u}) {
    threads.emplace_back([&stage, seed] {
      std::mt19937 random(seed);
      while (!stage.over.load()) stage.wait(random);
    });
  }
  threads.emplace_back([&] {
    std::mt19937 random(3);
    while (!stage.over.load()) {
      stage.submit();
      for (ipc::Polling pause(static_cast<std::int64_t>(random() % 100'000)); pause.again();) {
      }
    }
  });
  std::mt19937 random(4);
  const Deadline end = from_now(std::chrono::seconds(1));
  std::uint64_t rounds = 0;
  bool seen = true;
  while (seen && std::chrono::steady_clock::now() < end) {
    for (ipc::Polling pause(static_cast<std::int64_t>(random() % 150'000)); pause.again();) {
    }
    stage.publish();
    const Deadline latest = from_now(lost_after / 2);
    while (stage.ready() && seen) {
      std::this_thread::yield();
      seen = std::chrono::steady_clock::now() < latest;
    }
    ++rounds;
  }
  stage.over = true;
  stage.publish();
  stage.watch.wake_manager();
  stage.pump();
  stage.results.fetch_add(1);
  ipc::futex_wake(stage.results);
  stage.words.poller.fetch_add(4);
  ipc::futex_wake(stage.words.poller, 1, true);
  for (std::thread& thread : threads) thread.join();
  INFO("round " << rounds);
  CHECK(seen);
  CHECK(rounds > 100);
}

TEST_CASE("Wakeups: wake-ups are suppressed only while the manager polls periodically or somebody pumps") {
  RingStage stage;
  Wakeups& watch = stage.watch;
  const auto never = [] { return false; };
  CHECK(watch.pace() == Wakeups::Pace::quiet);
  CHECK_FALSE(watch.suppress_wakeups());
  CHECK(ipc::poller_state(stage.words) == ipc::poller_none);

  watch.note_progress();
  CHECK(watch.pace() == Wakeups::Pace::has_progressed);
  CHECK(watch.polls_periodically());
  CHECK(watch.suppress_wakeups());
  watch.recheck_suppression(never);
  CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);

  Wakeups::Pace pace = Wakeups::Pace::polls;
  int looks = 0;
  for (; pace == Wakeups::Pace::polls; ++looks) pace = watch.pace();
  CHECK(looks == concurrent::futures::detail::pool_timing.quiet_naps);
  CHECK(pace == Wakeups::Pace::grew_quiet);
  CHECK_FALSE(watch.polls_periodically());
  CHECK(ipc::poller_state(stage.words) == ipc::poller_none);

  // Whoever suppressed them just then takes that back, and has the manager look if something came meanwhile.
  CHECK(ipc::change_poller(stage.words, ipc::poller_none, ipc::poller_polls));
  watch.recheck_suppression([] { return true; });
  CHECK(ipc::poller_state(stage.words) == ipc::poller_none);
  CHECK(watch.has_work());

  // While somebody pumps, nobody takes the word from it.
  CHECK(watch.try_pump());
  CHECK_FALSE(watch.try_pump());
  watch.poll();
  watch.recheck_suppression(never);
  CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);
  int pumped = 0;
  watch.hand_back([&] { return ++pumped < 3; }, never);
  CHECK(pumped == 3);
  CHECK(ipc::poller_state(stage.words) == ipc::poller_none);
  CHECK(watch.try_pump());
  // What is there when it has looked for the last time is the manager's, who may be asleep.
  RingStage other;
  REQUIRE(other.watch.try_pump());
  other.watch.poll();
  other.watch.hand_back([] { return false; }, [] { return true; });
  CHECK(other.watch.has_work());
}

TEST_CASE("Wakeups: the manager lets others pump while it calls back, and leaves the word to whoever does") {
  RingStage stage;
  Wakeups& watch = stage.watch;
  const auto pump = [&] { return stage.pump(); };
  REQUIRE(watch.try_pump());
  watch.poll();
  watch.let_others_pump();
  CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);
  // A worker has seen that, and wakes nobody.
  stage.publish();
  watch.stop_polling(pump);
  CHECK_FALSE(stage.ready());
  CHECK(ipc::poller_state(stage.words) == ipc::poller_none);

  REQUIRE(watch.try_pump());
  watch.poll();
  watch.let_others_pump();
  CHECK(watch.try_pump());  // another thread
  watch.stop_polling(pump);
  CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);
  CHECK_FALSE(watch.try_pump());
}

namespace {

/// What the manager does when callbacks have run, as a script: how many stretches bring something, and how each of what
/// may end it comes about.
struct Rounds {
  enum class End : std::uint8_t { nothing_comes, none_left, work, late, none_called };

  bool any_left() const { return stretches < 9 && (end != End::none_left || called < brought); }  // a test must end
  bool poll() {
    CHECK_FALSE(stage.watch.try_pump());
    CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);
    ++stretches;
    return end != End::nothing_comes || stretches <= brought;
  }
  void call_back() {
    CHECK(stage.watch.try_pump());  // another thread may meanwhile
    stage.watch.let_others_pump();
    CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);
    ++called;
    if (end == End::work && called == brought) stage.watch.wake_manager();
  }
  bool is_late() const { return end == End::late && called == brought; }
  bool have_called() {  // since it was last asked
    ++asked;
    return end != End::none_called || called < brought;
  }
  bool pump() {
    ++pumped;
    return false;
  }

  RingStage& stage;
  const End end;
  const int brought;
  int stretches = 0;
  int called = 0;
  int asked = 0;
  int pumped = 0;
};

}  // namespace

TEST_CASE("Wakeups: after callbacks the manager polls on while that brings more of them, and nothing else is due") {
  using End = Rounds::End;
  for (const End end : {End::nothing_comes, End::none_left, End::work, End::late, End::none_called}) {
    for (const int brought : {1, 3}) {
      CAPTURE(static_cast<int>(end), brought);
      RingStage stage;
      Rounds rounds{stage, end, brought};
      stage.watch.poll_between_callbacks(rounds);
      CHECK(rounds.called == brought);
      CHECK(rounds.stretches == (end == End::nothing_comes ? brought + 1 : brought));
      // Whoever breaks off for something else finds afterwards that callbacks have run.
      CHECK(rounds.asked == (end == End::work || end == End::late ? brought - 1 : brought));
      CHECK(rounds.pumped == 1);
      CHECK(ipc::poller_state(stage.words) == ipc::poller_none);
      CHECK(stage.watch.try_pump());
    }
  }
  RingStage idle;
  Rounds none{idle, End::none_left, 0};
  idle.watch.poll_between_callbacks(none);
  CHECK(none.stretches + none.pumped == 0);
  // Another thread pumps, and sleeps there.
  RingStage other;
  REQUIRE(other.watch.try_pump());
  ipc::put_poller(other.words, ipc::poller_sleeps);
  Rounds not_now{other, End::nothing_comes, 1};
  other.watch.poll_between_callbacks(not_now);
  CHECK(not_now.stretches + not_now.pumped == 0);
  CHECK(ipc::poller_state(other.words) == ipc::poller_sleeps);
}

TEST_CASE("Wakeups: the manager is woken although a rogue task has written over what says that it sleeps") {
  RingStage stage;
  const Deadline latest = from_now(lost_after);
  std::thread manager([&] { stage.watch.sleep_manager(latest, [&] { return stage.ready(); }); });
  const auto says_asleep = [&] { return (stage.words.manager.load() & 1) != 0; };
  while (!says_asleep() && std::chrono::steady_clock::now() < latest) std::this_thread::yield();
  // Where it sleeps in the kernel by now, which does not look at the word again.
  std::this_thread::yield();
  stage.words.manager.fetch_and(~std::uint32_t{1});
  stage.watch.wake_manager();
  manager.join();
  CHECK(std::chrono::steady_clock::now() < latest);
}

TEST_CASE("CallerWords: what says already that somebody polls is not written again, which workers would wait for") {
  void* const page =
      ::mmap(nullptr, sizeof(ipc::CallerWords), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  auto& words = *new (page) ipc::CallerWords{};
  words.poller = 4 | ipc::poller_none;
  CHECK(ipc::put_poller(words, ipc::poller_polls) == (4 | ipc::poller_polls));
  REQUIRE(::mprotect(page, sizeof(ipc::CallerWords), PROT_READ) == 0);
  CHECK(ipc::put_poller(words, ipc::poller_polls) == (4 | ipc::poller_polls));
  REQUIRE(::mprotect(page, sizeof(ipc::CallerWords), PROT_READ | PROT_WRITE) == 0);
  CHECK(ipc::put_poller(words, ipc::poller_sleeps) == (4 | ipc::poller_sleeps));
  CHECK(words.poller == (4 | ipc::poller_sleeps));
  CHECK(::munmap(page, sizeof(ipc::CallerWords)) == 0);
}

TEST_CASE("Wakeups: what was published before somebody lies down keeps it awake, since its worker woke nobody") {
  RingStage stage;
  Wakeups& watch = stage.watch;
  const auto is_ready = [&] { return stage.ready(); };
  const std::atomic<std::uint32_t> word{0};

  // The worker has seen "polls".
  REQUIRE(watch.try_pump());
  watch.poll();
  stage.publish();
  Deadline deadline = from_now(std::chrono::seconds(5));
  watch.sleep(word, 0, deadline, is_ready);
  CHECK(std::chrono::steady_clock::now() < deadline);
  CHECK(ipc::poller_state(stage.words) == ipc::poller_polls);
  watch.hand_back([&] { return stage.pump(); }, is_ready);
  CHECK_FALSE(stage.ready());

  // The worker has seen that the manager is awake.
  stage.publish();
  deadline = from_now(std::chrono::seconds(5));
  watch.sleep_manager(deadline, is_ready);
  CHECK(std::chrono::steady_clock::now() < deadline);

  // And what somebody has for the manager keeps it awake, too, once.
  stage.pump();
  watch.wake_manager();
  deadline = from_now(std::chrono::seconds(5));
  watch.sleep_manager(deadline, is_ready);
  CHECK(std::chrono::steady_clock::now() < deadline);
  CHECK_FALSE(watch.has_work());

  // Without any of that it sleeps.
  deadline = from_now(std::chrono::milliseconds(20));
  watch.sleep_manager(deadline, is_ready);
  CHECK(std::chrono::steady_clock::now() >= deadline);
}
