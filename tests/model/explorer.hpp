// SPDX-License-Identifier: BSL-1.0
// Runs a small program of a few threads through every execution that the C++ memory model allows it, as far as the
// limits below reach, and says how one of them goes wrong.
//
// The threads are fibers of this thread, so that a program and a list of choices give the same execution each time.
// Each atomic operation (atomic.hpp) is one step. Which thread makes the next one is a choice, and so is which of the
// stores that are there a load reads:
//
//  - A location keeps all its stores in their modification order. What a thread knows of is a View: for each location
//    the oldest store that it may still read, and for each thread how much of it has happened before. A release store
//    carries its thread's view, an acquire load takes that over; a read-modify-write passes on what it has read
//    carries, too. Sequentially consistent operations happen in the order in which they are run, so that one of them
//    reads no store older than the last such one there; a sequentially consistent fence makes what its thread knows
//    known to those that come after.
//  - A store can take its place before others that its thread knows nothing of ("lags").
//  - A load cannot read a store that has not been made yet (load buffering, which no x86 does and which others do with
//    relaxed loads only, is not found), and a weak compare-exchange fails for no other reason than a strong one.
//
// Of the orders in which steps can be taken, those are left out that differ only in steps that do not meet (dynamic
// partial-order reduction by source sets, as Abdulla and others have it, with sleep sets). A thread that is mortal may
// also end before any of its steps.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <setjmp.h>
#include <ucontext.h>

namespace model {

using Word = std::uint64_t;
inline constexpr std::size_t most_threads = 6;
inline constexpr std::size_t most_locations = 64;

/// Where an operation stands in the code under test.
struct Site {
  const char* file = "";
  unsigned line = 0;
  unsigned column = 0;

  std::string text() const {
    const std::string path = file;
    return path.substr(path.rfind('/') + 1) + ":" + std::to_string(line);
  }
  friend bool operator==(const Site& a, const Site& b) {
    return a.line == b.line && a.column == b.column && std::strcmp(a.file, b.file) == 0;
  }
  friend bool operator<(const Site& a, const Site& b) {
    const int files = std::strcmp(a.file, b.file);
    return files != 0 ? files < 0 : std::pair(a.line, a.column) < std::pair(b.line, b.column);
  }
};

enum class Order : std::uint8_t { relaxed, acquire, release, acq_rel, seq_cst };
inline bool acquires(Order order) { return order != Order::relaxed && order != Order::release; }
inline bool releases(Order order) { return order != Order::relaxed && order != Order::acquire; }
inline const char* name_of(Order order) {
  constexpr std::array<const char*, 5> names{"relaxed", "acquire", "release", "acq_rel", "seq_cst"};
  return names[static_cast<std::size_t>(order)];
}

struct View {
  std::array<double, most_locations> times{};
  std::array<std::uint32_t, most_threads> clock{};

  void join(const View& other) {
    for (std::size_t i = 0; i < most_locations; ++i) times[i] = (std::max)(times[i], other.times[i]);
    for (std::size_t i = 0; i < most_threads; ++i) clock[i] = (std::max)(clock[i], other.clock[i]);
  }
};

struct Message {
  double time = 0;
  Word value = 0;
  bool follows = false;  // a read-modify-write: nothing comes between it and the store before it
  View released;
};

struct Location {
  const void* address = nullptr;
  std::string name;
  std::vector<Message> messages;  // in modification order
  double sc_time = 0;             // of what a sequentially consistent operation has last stored or read
};

enum class Kind : std::uint8_t { load, store, update, fence, wait, wake, go_on, end };
/// What a thread is about to do.
struct Op {
  Kind kind = Kind::end;
  const void* address = nullptr;
  const void* other = nullptr;  // a wait for either of two words
  Order order = Order::relaxed;
  Site site;
  const void* life = nullptr;  // of a thread that may be killed instead: what others see of that
};

/// An operation in the code under test, with the order that it asks for: one place may be given several.
struct Use {
  Site site;
  Kind kind = Kind::load;
  Order order = Order::relaxed;

  friend bool operator==(const Use& a, const Use& b) {
    return a.order == b.order && a.kind == b.kind && a.site == b.site;
  }
  friend bool operator<(const Use& a, const Use& b) {
    return a.site == b.site ? std::pair(a.kind, a.order) < std::pair(b.kind, b.order) : a.site < b.site;
  }
};

struct Limits {
  std::size_t steps = 500;         // of an execution; longer ones are cut
  int stale = 2;                   // how often in a row a thread reads a store of a location that is not the last
  bool lag = true;                 // stores may lag
  int deaths = 0;                  // how many mortal threads end before their time
  bool endless = false;            // some executions have no end and are cut
  bool timers = false;             // a sleep with a deadline may end there, when nobody else can go on
  std::size_t executions = 0;      // 0: all
  bool reduce = true;              // leaves out orders that differ only in steps that do not meet
  std::vector<unsigned> schedule;  // replays this one alone
};

struct Report {
  std::size_t executions = 0;
  std::size_t left_out = 0;  // found to repeat another
  std::size_t cut = 0;       // too long
  std::string fault;         // what went wrong and how; empty: nothing did
  std::vector<unsigned> schedule;
  std::set<Use> uses;  // of orders stronger than relaxed
  bool complete = false;
};

/// Whether a thread has to come to its end: always; it may be asleep in the end; or it may be killed on the way.
enum class Ends : std::uint8_t { always, may_sleep, may_die };

class Explorer;
inline Explorer* explorer = nullptr;  // while a thread of the program runs

class Explorer {
 public:
  /// Data that is no atomic: two accesses that race are a fault.
  struct Plain {
    std::string name;
    std::uint32_t writer = 0;
    std::uint32_t written = 0;  // the writer's clock
    std::array<std::uint32_t, most_threads> read{};
  };
  struct Bytes {
    const std::byte* address;
    std::size_t size;
    Plain plain;
  };

  /// What a program is made of. Set up afresh for each execution.
  class Program {
   public:
    void thread(std::string name, std::function<void()> body, Ends ends = Ends::always) {
      threads.push_back({std::move(name), std::move(body), ends});
    }
    /// When all have ended: what must hold then. Sees the last store of each location.
    void at_end(std::function<void()> check) { end = std::move(check); }
    void name(const void* address, std::string text) { names[address] = std::move(text); }
    /// Bytes that are no atomic: what is copied there and from there (atomic.hpp) may not race.
    void bytes(const void* address, std::size_t size, std::string text) {
      plain.push_back({static_cast<const std::byte*>(address), size, {}});
      plain.back().plain.name = std::move(text);
    }
    struct Thread {
      std::string name;
      std::function<void()> body;
      Ends ends;
    };
    std::vector<Thread> threads;
    std::function<void()> end;
    std::map<const void*, std::string> names;
    std::vector<Bytes> plain;
  };

  explicit Explorer(Limits limits) : limits_(std::move(limits)) {}

  /// The operation at that place has another order, for a trial.
  void weaken(const Use& use, Order order) {
    weakened_ = use;
    weakened_to_ = order;
  }

  template <class SetUp>
  Report explore(const SetUp& set_up) {
    Report report;
    nodes_.clear();
    for (;;) {
      Program program;
      explorer = nullptr;
      set_up(program);
      run(program);
      if (outcome_ == Outcome::repeats) ++report.left_out;
      if (outcome_ == Outcome::too_long) ++report.cut;
      ++report.executions;
      if (!fault_.empty()) {
        for (const Node& node : nodes_) report.schedule.push_back(node.chosen);
        tells_ = true;  // the same once more, with words
        Program again;
        explorer = nullptr;
        set_up(again);
        run(again);
        report.fault = describe();
        break;
      }
      if (!limits_.schedule.empty()) break;
      if (!next_path()) {
        report.complete = report.cut == 0;
        break;
      }
      if (limits_.executions != 0 && report.executions >= limits_.executions) break;
    }
    report.uses = uses_;
    return report;
  }

  // ---- For the threads of the program

  Word load(const void* address, Word now, Order order, const Site& site);
  void store(const void* address, Word now, Word value, Order order, const Site& site);
  /// What stands last in the modification order.
  Word last(const void* address) const { return locations_[places_.at(address)].messages.back().value; }
  /// `change` gives the new value of an old one, or none to leave it: then this is a load of the order `failed`, or of
  /// what `order` leaves for that.
  template <class Change>
  Word update(const void* address, Word now, Order order, std::optional<Order> failed, const Site& site,
              const Change& change);
  void fence(Order order);
  /// While the words are what they were; false: after the deadline.
  bool wait(const void* address, Word now, Word old, const void* other, Word other_now, Word other_old, bool forever);
  int wake(const void* address, int count);
  void fail(const std::string& what) {
    if (fault_.empty()) fault_ = what;
    leave();
  }
  /// Returns when a mortal thread has ended before its time, and knows what that did.
  void await_death();
  int deaths() const { return deaths_; }
  std::uint32_t thread_number() const { return current_; }
  /// Whether that thread has not been killed; who hears that it has knows what it did.
  bool is_alive(std::uint32_t thread);

  void touch(Plain& data, bool writes);
  /// Of what the program has named as bytes.
  void touch(const void* address, std::size_t size, bool writes);

 private:
  using StepClock = std::array<std::uint32_t, most_threads>;
  struct Fiber {
    enum class State : std::uint8_t { runs, asleep, over, dead };
    std::function<void()> body;
    std::string name;
    Ends ends = Ends::always;
    State state = State::runs;
    Op pending;
    std::uint32_t steps = 0;
    View view;
    View to_acquire;  // of what relaxed loads have read: an acquire fence takes it over
    View at_fence;    // the view at the last release fence
    std::array<int, most_locations>
        stale{};  // how often in a row it has read a store of a location that is not the last
    const void* sleeps_on = nullptr;
    const void* or_on = nullptr;
    bool has_limit = false;
    bool timed_out = false;
    int times_out = 0;
    bool awaits_death = false;
    bool spins = false;  // until there is another store where it looks again and again
    Op last_load;        // the last step, if that was a load, the store that it read, and how often in a row
    double last_read = 0;
    int same_loads = 0;
    ucontext_t context{};  // where it begins
    jmp_buf resume{};      // and where it goes on
    bool begun = false;
    StepClock order_clock{};  // by the order of dependent steps
  };
  struct Step {
    std::uint32_t thread;
    Op op;
    std::size_t node;
    std::uint32_t number;  // of its thread's
    StepClock clock;
    std::string text;
  };
  struct Node {
    bool schedules = false;
    unsigned chosen = 0;
    unsigned count = 0;         // of values
    std::uint32_t enabled = 0;  // of threads, as bits
    std::uint32_t backtrack = 0;
    std::uint32_t done = 0;
    std::uint32_t asleep = 0;  // need not be tried here
  };
  enum class Outcome : std::uint8_t { whole, repeats, too_long };

  void run(Program& program);
  bool next_path();
  unsigned choose(unsigned count);
  void note_races();
  void note_race(std::size_t index, std::uint32_t thread);
  static bool comes_before(const Step& step, const Step& other);
  void take_step(std::uint32_t thread);
  void step(Op op);
  void leave();
  void resume(std::uint32_t thread);
  static bool depend(const Op& a, const Op& b);
  std::size_t location(const void* address, Word now);
  Order effective(Kind kind, Order order, const Site& site);
  View released_by(Order order, const Fiber& self) const { return releases(order) ? self.view : self.at_fence; }
  void acquire(Fiber& self, const View& view, Order order) {
    (acquires(order) ? self.view : self.to_acquire).join(view);
  }
  double least_time(const Fiber& self, std::size_t place, Order order) const;
  bool may_read(Fiber& self, std::size_t place, std::size_t index) const;
  void has_read(Fiber& self, std::size_t place, const Message& message, Order order);
  double insert(Location& location, std::size_t after, Message message);
  void finish() { ++fibers_[current_]->view.clock[current_]; }
  bool expire_one();
  void end_thread(std::uint32_t thread, std::size_t node);
  std::string describe() const;
  void tell(const std::string& text) {
    if (tells_ && !steps_.empty()) steps_.back().text += text;
  }
  static std::string text_of(Word value);
  static void enter(unsigned high, unsigned low);

  static constexpr std::size_t stack_size = 64 * 1024;
  static constexpr int loads_that_are_a_loop = 4;  // of the same store, at the same place, with nothing in between

  Limits limits_;
  Use weakened_;
  Order weakened_to_ = Order::relaxed;
  std::set<Use> uses_;
  std::array<Use, 256> noted_uses_{};  // some of these, found without looking at their names
  std::vector<Node> nodes_;
  std::size_t depth_ = 0;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<std::unique_ptr<std::byte[]>> stacks_;
  std::vector<Location> locations_;
  std::map<const void*, std::size_t> places_;
  std::map<const void*, std::string> names_;
  std::vector<Bytes> plain_;
  std::vector<Step> steps_;
  View sc_view_;
  std::uint32_t current_ = 0;
  jmp_buf scheduler_{};
  Outcome outcome_ = Outcome::whole;
  std::string fault_;
  int deaths_ = 0;
  bool left_ = false;  // the execution is given up
  bool tells_ = false;
  std::uint32_t sleeping_ = 0;  // threads that need not be tried at the next node
};

}  // namespace model

#include "model/explorer.impl.hpp"
