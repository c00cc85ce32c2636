// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model/explorer.hpp"

namespace model {

// ---- Choices

inline unsigned Explorer::choose(unsigned count) {
  if (count <= 1) return 0;
  if (depth_ == nodes_.size()) {
    Node node;
    node.count = count;
    if (depth_ < limits_.schedule.size()) node.chosen = limits_.schedule[depth_];
    nodes_.push_back(node);
  }
  return nodes_[depth_++].chosen;
}

/// To the last choice that has an alternative left. False: there is none.
inline bool Explorer::next_path() {
  while (!nodes_.empty()) {
    Node& node = nodes_.back();
    if (!node.schedules) {
      if (++node.chosen < node.count) return true;
    } else {
      node.done |= 1U << node.chosen;
      const std::uint32_t left = node.backtrack & ~node.done & ~node.asleep;
      if (left != 0) {
        node.chosen = static_cast<unsigned>(__builtin_ctz(left));
        return true;
      }
    }
    nodes_.pop_back();
  }
  return false;
}

inline bool Explorer::depend(const Op& a, const Op& b) {
  const auto is_sc = [](const Op& op) { return op.order == Order::seq_cst; };
  if ((a.life != nullptr && a.life == b.address) || (b.life != nullptr && b.life == a.address)) return true;
  if (a.kind == Kind::fence || b.kind == Kind::fence) return is_sc(a) && is_sc(b);
  if (a.address == nullptr || b.address == nullptr) return false;
  const bool meet = a.address == b.address || (a.other != nullptr && a.other == b.address) ||
                    (b.other != nullptr && b.other == a.address);
  if (!meet) return false;
  const auto wakes = [](const Op& op) { return op.kind == Kind::wake; };
  const auto waits = [](const Op& op) { return op.kind == Kind::wait; };
  if (wakes(a) || wakes(b)) return (wakes(a) && wakes(b)) || waits(a) || waits(b);
  const auto writes = [](const Op& op) { return op.kind == Kind::store || op.kind == Kind::update; };
  return writes(a) || writes(b);
}

/// For each thread: had its next step come before one of those that it meets, things could have gone another way.
inline void Explorer::note_races() {
  for (std::uint32_t thread = 0; thread < fibers_.size(); ++thread) {
    if (fibers_[thread]->state != Fiber::State::runs) continue;
    for (std::size_t i = steps_.size(); i-- > 0;) note_race(i, thread);
  }
}
inline bool Explorer::comes_before(const Step& step, const Step& other) {
  return other.clock[step.thread] >= step.number;
}
/// If that step and the thread's next one can change places: one of the threads that then have to come first is tried
/// where the step was.
inline void Explorer::note_race(std::size_t index, std::uint32_t thread) {
  const Fiber& fiber = *fibers_[thread];
  const Step& step = steps_[index];
  if (step.thread == thread || !depend(step.op, fiber.pending) || fiber.order_clock[step.thread] >= step.number) return;
  std::uint32_t seen = 0;   // threads with a step after that one which need not follow it
  std::uint32_t first = 0;  // of these, the ones that need no other to come first
  std::vector<const Step*> others;
  bool next_is_first = true;
  for (std::size_t j = index + 1; j < steps_.size(); ++j) {
    const Step& later = steps_[j];
    const bool meets_next = depend(later.op, fiber.pending) || fiber.order_clock[later.thread] >= later.number;
    if (comes_before(step, later)) {
      if (meets_next) return;  // that one stands between the two
      continue;
    }
    if (meets_next || later.thread == thread) next_is_first = false;
    const std::uint32_t bit = 1U << later.thread;
    if ((seen & bit) == 0 &&
        std::none_of(others.begin(), others.end(), [&](const Step* one) { return comes_before(*one, later); }))
      first |= bit;
    seen |= bit;
    others.push_back(&later);
  }
  if (next_is_first) first |= 1U << thread;
  Node& node = nodes_[step.node];
  if ((first & node.enabled) == 0) {
    node.backtrack |= node.enabled;
  } else if ((first & node.backtrack) == 0) {
    const std::uint32_t fresh = first & node.enabled & ~node.asleep;
    node.backtrack |= 1U << static_cast<unsigned>(__builtin_ctz(fresh != 0 ? fresh : first & node.enabled));
  }
}

// ---- One execution

inline void Explorer::enter(unsigned high, unsigned low) {
  auto* const self = reinterpret_cast<Explorer*>(std::uintptr_t{high} << 32U | low);
  Fiber& fiber = *self->fibers_[self->current_];
  fiber.body();
  fiber.state = Fiber::State::over;
  self->leave();
}
/// The C library's own, whatever it has redirected that to: its check would take another fiber's stack for a fault.
extern "C" [[noreturn]] void jump_between_fibers(jmp_buf, int) noexcept __asm__("_longjmp");

/// Back to the scheduler: for ever, unless it resumes this thread. (By jumps: swapcontext asks the kernel each time.)
[[gnu::noinline]] inline void Explorer::leave() {
  if (!fault_.empty()) left_ = true;
  if (::_setjmp(fibers_[current_]->resume) == 0) jump_between_fibers(scheduler_, 1);
}
/// Until that thread leaves.
[[gnu::noinline]] inline void Explorer::resume(std::uint32_t thread) {
  Fiber& fiber = *fibers_[thread];
  if (::_setjmp(scheduler_) != 0) return;
  if (std::exchange(fiber.begun, true)) jump_between_fibers(fiber.resume, 1);
  ::setcontext(&fiber.context);
}
inline void Explorer::step(Op op) {
  Fiber& self = *fibers_[current_];
  self.last_load = Op{};
  if (self.ends == Ends::may_die && deaths_ < limits_.deaths) op.life = &self.state;
  self.pending = op;
  leave();
}

inline void Explorer::run(Program& program) {
  fibers_.clear();
  locations_.clear();
  places_.clear();
  steps_.clear();
  names_ = program.names;
  plain_ = std::move(program.plain);
  sc_view_ = View{};
  depth_ = 0;
  deaths_ = 0;
  sleeping_ = 0;
  left_ = false;
  outcome_ = Outcome::whole;
  fault_.clear();
  locations_.reserve(most_locations);
  for (Program::Thread& thread : program.threads) {
    auto fiber = std::make_unique<Fiber>();
    fiber->body = std::move(thread.body);
    fiber->name = thread.name;
    fiber->ends = thread.ends;
    fiber->view.clock[fibers_.size()] = 1;
    if (stacks_.size() <= fibers_.size()) stacks_.push_back(std::make_unique<std::byte[]>(stack_size));
    ::getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = stacks_[fibers_.size()].get();
    fiber->context.uc_stack.ss_size = stack_size;
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    ::makecontext(&fiber->context, reinterpret_cast<void (*)()>(reinterpret_cast<void*>(&Explorer::enter)), 2,
                  static_cast<unsigned>(self >> 32U), static_cast<unsigned>(self));
    fibers_.push_back(std::move(fiber));
  }
  explorer = this;
  for (current_ = 0; current_ < fibers_.size() && !left_; ++current_) resume(current_);
  while (!left_) {
    if (steps_.size() >= limits_.steps) {
      outcome_ = Outcome::too_long;
      break;
    }
    std::uint32_t enabled = 0;
    for (std::uint32_t i = 0; i < fibers_.size(); ++i) {
      if (fibers_[i]->state == Fiber::State::runs) enabled |= 1U << i;
    }
    if (enabled == 0) {
      if (expire_one()) continue;
      break;
    }
    if (depth_ == nodes_.size()) {
      note_races();
      const std::uint32_t candidates = enabled & ~sleeping_;
      if (candidates == 0) {
        outcome_ = Outcome::repeats;
        break;
      }
      Node node;
      node.schedules = true;
      node.enabled = enabled;
      node.asleep = sleeping_;
      const bool stays = current_ < fibers_.size() && (candidates & 1U << current_) != 0;
      node.chosen = stays ? current_ : static_cast<unsigned>(__builtin_ctz(candidates));
      if (depth_ < limits_.schedule.size()) node.chosen = limits_.schedule[depth_];
      node.backtrack = limits_.reduce ? 1U << node.chosen : enabled;
      nodes_.push_back(node);
    }
    const Node& node = nodes_[depth_];
    const std::uint32_t thread = node.chosen;
    std::uint32_t sleeping = 0;
    for (std::uint32_t i = 0; i < fibers_.size(); ++i) {
      if (((node.asleep | node.done) & 1U << i) != 0 && i != thread &&
          !depend(fibers_[i]->pending, fibers_[thread]->pending))
        sleeping |= 1U << i;
    }
    sleeping_ = limits_.reduce ? sleeping : 0;
    take_step(thread);
  }
  explorer = nullptr;
  if (!fault_.empty() || outcome_ != Outcome::whole || !program.end) return;
  try {
    program.end();
  } catch (const std::exception& error) {
    fault_ = error.what();
  }
}

inline void Explorer::take_step(std::uint32_t thread) {
  const std::size_t node = depth_++;
  Fiber& fiber = *fibers_[thread];
  current_ = thread;
  if (fiber.ends == Ends::may_die && deaths_ < limits_.deaths && choose(2) == 1) {
    end_thread(thread, node);
    return;
  }
  for (const Step& step : steps_) {
    if (step.thread == thread || !depend(step.op, fiber.pending)) continue;
    for (std::size_t i = 0; i < fiber.order_clock.size(); ++i)
      fiber.order_clock[i] = (std::max)(fiber.order_clock[i], step.clock[i]);
  }
  fiber.order_clock[thread] = ++fiber.steps;
  steps_.push_back({thread, fiber.pending, node, fiber.steps, fiber.order_clock, {}});
  resume(thread);
}

inline void Explorer::end_thread(std::uint32_t thread, std::size_t node) {
  Fiber& dead = *fibers_[thread];
  dead.state = Fiber::State::dead;
  ++deaths_;
  dead.order_clock[thread] = ++dead.steps;
  for (const Step& step : steps_) {
    if (step.op.address != &dead.state) continue;
    for (std::size_t i = 0; i < dead.order_clock.size(); ++i)
      dead.order_clock[i] = (std::max)(dead.order_clock[i], step.clock[i]);
  }
  Op op;
  op.kind = Kind::store;
  op.address = &dead.state;
  steps_.push_back({thread, op, node, dead.steps, dead.order_clock, tells_ ? "is killed" : ""});
  for (const auto& fiber : fibers_) {
    if (!fiber->awaits_death || fiber->state != Fiber::State::asleep) continue;
    fiber->state = Fiber::State::runs;
    fiber->view.join(dead.view);
    for (std::size_t i = 0; i < fiber->order_clock.size(); ++i)
      fiber->order_clock[i] = (std::max)(fiber->order_clock[i], dead.order_clock[i]);
  }
}

/// Nobody can go on: is that how it should be? True: somebody's deadline has passed, who may count on that.
inline bool Explorer::expire_one() {
  const auto sleeps = [](const Fiber& fiber) { return fiber.state == Fiber::State::asleep && !fiber.awaits_death; };
  const auto kept = std::find_if(fibers_.begin(), fibers_.end(),
                                 [&](const auto& fiber) { return sleeps(*fiber) && fiber->ends != Ends::may_sleep; });
  if (kept == fibers_.end()) return false;
  Fiber* next = nullptr;  // who has been at its deadline least often: it may be the one for whom there is something
  for (const auto& fiber : fibers_) {
    if (!sleeps(*fiber) || !fiber->has_limit || (!limits_.timers && deaths_ == 0)) continue;
    if (next == nullptr || fiber->times_out < next->times_out) next = fiber.get();
  }
  if (next != nullptr) {
    ++next->times_out;
    next->timed_out = true;
    next->state = Fiber::State::runs;
    return true;
  }
  fault_ = (*kept)->name + " sleeps and nobody will wake it" +
           ((*kept)->has_limit ? ": it goes on at its deadline only" : std::string());
  return false;
}

// ---- Memory

inline std::size_t Explorer::location(const void* address, Word now) {
  const auto [found, is_new] = places_.try_emplace(address, locations_.size());
  if (is_new) {
    if (locations_.size() == most_locations) std::abort();
    const auto name = names_.find(address);
    Location made;
    made.address = address;
    made.name = name != names_.end() ? name->second : "word " + std::to_string(locations_.size());
    Message first;
    first.value = now;
    made.messages.push_back(first);
    locations_.push_back(std::move(made));
  }
  return found->second;
}

inline Order Explorer::effective(Kind kind, Order order, const Site& site) {
  if (order == Order::relaxed) return order;
  Use& noted = noted_uses_[(site.line * 31 + site.column) % noted_uses_.size()];
  if (noted.site.file != site.file || noted.site.line != site.line || noted.site.column != site.column ||
      noted.order != order) {
    noted = {site, kind, order};
    uses_.insert(noted);
  }
  return weakened_.site.line == site.line && weakened_ == Use{site, kind, order} ? weakened_to_ : order;
}

inline double Explorer::least_time(const Fiber& self, std::size_t place, Order order) const {
  const double known = self.view.times[place];
  if (order != Order::seq_cst) return known;
  return (std::max)({known, locations_[place].sc_time, sc_view_.times[place]});
}
/// A thread that has read an old store often enough sees the last one.
inline bool Explorer::may_read(Fiber& self, std::size_t place, std::size_t index) const {
  return index + 1 == locations_[place].messages.size() || self.stale[place] < limits_.stale;
}
inline void Explorer::has_read(Fiber& self, std::size_t place, const Message& message, Order order) {
  Location& location = locations_[place];
  int& count = self.stale[place];
  count = message.time == location.messages.back().time ? 0 : count + 1;
  self.view.times[place] = (std::max)(self.view.times[place], message.time);
  acquire(self, message.released, order);
  if (order == Order::seq_cst) location.sc_time = (std::max)(location.sc_time, message.time);
}
inline double Explorer::insert(Location& location, std::size_t after, Message message) {
  for (const auto& fiber : fibers_) {
    if (fiber->spins && fiber->sleeps_on == location.address) fiber->state = Fiber::State::runs;
  }
  const double before = location.messages[after].time;
  const bool is_last = after + 1 == location.messages.size();
  message.time = is_last ? before + 1 : (before + location.messages[after + 1].time) / 2;
  const double time = message.time;
  location.messages.insert(location.messages.begin() + static_cast<std::ptrdiff_t>(after) + 1, std::move(message));
  return time;
}

inline std::string Explorer::text_of(Word value) {
  if (value < 1'000'000) return std::to_string(value);
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

inline Word Explorer::load(const void* address, Word now, Order order, const Site& site) {
  order = effective(Kind::load, order, site);
  const Op op{Kind::load, address, nullptr, order, site};
  const std::size_t place = location(address, now);
  Fiber& self = *fibers_[current_];
  const Location& from = locations_[place];
  const bool is_again = self.last_load.address == address && self.last_load.site == site;  // a step forgets that
  if (is_again && self.same_loads >= loads_that_are_a_loop &&
      self.last_read == from.messages.back().time) {  // it goes round until somebody has stored something
    self.pending = op;
    self.spins = true;
    self.sleeps_on = address;
    self.has_limit = false;
    self.state = Fiber::State::asleep;
    leave();
    self.spins = false;
    self.sleeps_on = nullptr;
  } else {
    step(op);
  }
  const double least = least_time(self, place, order);
  std::vector<std::size_t> candidates;
  for (std::size_t i = from.messages.size(); i-- > 0 && from.messages[i].time >= least;) {
    if (may_read(self, place, i)) candidates.push_back(i);
  }
  const std::size_t index = candidates[choose(static_cast<unsigned>(candidates.size()))];
  const Message message = from.messages[index];
  has_read(self, place, message, order);
  if (tells_)
    tell("reads " + from.name + " = " + text_of(message.value) + " (" + name_of(order) + ")" +
         (index + 1 == from.messages.size() ? "" : ", which is old"));
  self.same_loads = is_again && self.last_read == message.time ? self.same_loads + 1 : 1;
  self.last_load = op;
  self.last_read = message.time;
  finish();
  return message.value;
}

inline void Explorer::store(const void* address, Word now, Word value, Order order, const Site& site) {
  order = effective(Kind::store, order, site);
  step({Kind::store, address, nullptr, order, site});
  const std::size_t place = location(address, now);
  Fiber& self = *fibers_[current_];
  Location& to = locations_[place];
  const double least = least_time(self, place, order);
  std::vector<std::size_t> after{to.messages.size() - 1};
  for (std::size_t i = to.messages.size() - 1;
       limits_.lag && i-- > 0 && to.messages[i].time >= least && after.size() < 3;) {
    if (!to.messages[i + 1].follows) after.push_back(i);
  }
  const unsigned chosen = choose(static_cast<unsigned>(after.size()));
  Message message;
  message.value = value;
  message.released = released_by(order, self);
  const double time = insert(to, after[chosen], message);
  for (Message& one : to.messages) {
    if (one.time == time) one.released.times[place] = time;
  }
  self.view.times[place] = time;
  if (order == Order::seq_cst) to.sc_time = (std::max)(to.sc_time, time);
  if (tells_)
    tell("stores " + to.name + " = " + text_of(value) + " (" + name_of(order) + ")" +
         (chosen == 0 ? "" : ", which others have overwritten already"));
  finish();
}

template <class Change>
Word Explorer::update(const void* address, Word now, Order order, std::optional<Order> failed, const Site& site,
                      const Change& change) {
  order = effective(Kind::update, order, site);
  if (failed) {
    Site second = site;  // an order with a place of its own
    second.column += 10'000;
    failed = effective(Kind::load, *failed, second);
  } else {
    failed = order == Order::acq_rel ? Order::acquire : order == Order::release ? Order::relaxed : order;
  }
  step({Kind::update, address, nullptr, order, site});
  const std::size_t place = location(address, now);
  Fiber& self = *fibers_[current_];
  Location& at = locations_[place];
  const double least = least_time(self, place, order);
  std::vector<std::size_t> candidates;
  for (std::size_t i = at.messages.size(); i-- > 0 && at.messages[i].time >= least;) {
    const bool is_last = i + 1 == at.messages.size();
    const bool changes = change(at.messages[i].value).has_value();
    if (changes ? is_last || (limits_.lag && !at.messages[i + 1].follows) : may_read(self, place, i))
      candidates.push_back(i);
  }
  const std::size_t index = candidates[choose(static_cast<unsigned>(candidates.size()))];
  const Message before = at.messages[index];
  const std::optional<Word> value = change(before.value);
  if (!value) {
    has_read(self, place, before, *failed);
    if (tells_) tell("finds " + at.name + " = " + text_of(before.value) + " and leaves it");
    finish();
    return before.value;
  }
  self.view.times[place] = (std::max)(self.view.times[place], before.time);
  acquire(self, before.released, order);
  Message message;
  message.value = *value;
  message.follows = true;
  message.released = released_by(order, self);
  message.released.join(before.released);
  const double time = insert(at, index, message);
  for (Message& one : at.messages) {
    if (one.time == time) one.released.times[place] = time;
  }
  self.view.times[place] = time;
  if (order == Order::seq_cst) at.sc_time = (std::max)(at.sc_time, time);
  if (tells_)
    tell("changes " + at.name + " from " + text_of(before.value) + " to " + text_of(*value) + " (" + name_of(order) +
         ")");
  finish();
  return before.value;
}

inline void Explorer::fence(Order order) {
  step({Kind::fence, nullptr, nullptr, order, {}});
  Fiber& self = *fibers_[current_];
  if (acquires(order)) self.view.join(self.to_acquire);
  if (order == Order::seq_cst) {
    for (std::size_t i = 0; i < locations_.size(); ++i)
      self.view.times[i] = (std::max)({self.view.times[i], sc_view_.times[i], locations_[i].sc_time});
    for (std::size_t i = 0; i < most_locations; ++i)
      sc_view_.times[i] = (std::max)(sc_view_.times[i], self.view.times[i]);
  }
  if (releases(order)) self.at_fence = self.view;
  if (tells_) tell(std::string("fence (") + name_of(order) + ")");
  finish();
}

// ---- What the kernel does

inline bool Explorer::wait(const void* address, Word now, Word old, const void* other, Word other_now, Word other_old,
                           bool forever) {
  step({Kind::wait, address, other, Order::relaxed, {}});
  Fiber& self = *fibers_[current_];
  const auto is_as_it_was = [&](const void* word, Word value, Word expected) {
    if (word == nullptr) return true;
    const std::size_t place = location(word, value);
    const Message& last = locations_[place].messages.back();  // as the kernel sees it
    self.view.times[place] = (std::max)(self.view.times[place], last.time);
    return last.value == expected;
  };
  const bool both = is_as_it_was(address, now, old) && is_as_it_was(other, other_now, other_old);
  if (tells_) tell("asks to sleep on " + locations_[places_.at(address)].name + (both ? "" : ": it has changed"));
  finish();
  if (!both) return true;
  self.sleeps_on = address;
  self.or_on = other;
  self.has_limit = !forever;
  self.timed_out = false;
  self.pending = Op{Kind::go_on, nullptr, nullptr, Order::relaxed, {}};
  self.state = Fiber::State::asleep;
  leave();
  self.sleeps_on = self.or_on = nullptr;
  if (tells_) tell(self.timed_out ? "is at its deadline" : "is awake");
  return !self.timed_out;
}

inline int Explorer::wake(const void* address, int count) {
  step({Kind::wake, address, nullptr, Order::relaxed, {}});
  const Fiber& self = *fibers_[current_];
  int woken = 0;
  for (; woken < count; ++woken) {
    std::vector<Fiber*> sleepers;
    for (const auto& fiber : fibers_) {
      if (fiber->state == Fiber::State::asleep && !fiber->awaits_death && !fiber->spins &&
          (fiber->sleeps_on == address || fiber->or_on == address))
        sleepers.push_back(fiber.get());
    }
    if (sleepers.empty()) break;
    Fiber& sleeper = *sleepers[choose(static_cast<unsigned>(sleepers.size()))];
    sleeper.state = Fiber::State::runs;
    for (std::size_t i = 0; i < self.order_clock.size(); ++i)
      sleeper.order_clock[i] = (std::max)(sleeper.order_clock[i], self.order_clock[i]);
    if (tells_) tell("wakes " + sleeper.name + " ");
  }
  if (tells_ && woken == 0) tell("wakes nobody");
  finish();
  return woken;
}

inline void Explorer::await_death() {
  Fiber& self = *fibers_[current_];
  if (deaths_ != 0) return;
  self.pending = Op{Kind::go_on, nullptr, nullptr, Order::relaxed, {}};
  self.awaits_death = true;
  self.state = Fiber::State::asleep;
  leave();
  self.awaits_death = false;
}

inline bool Explorer::is_alive(std::uint32_t thread) {
  const Fiber& other = *fibers_[thread];
  Op op;
  op.kind = Kind::load;
  op.address = &other.state;
  step(op);
  const bool alive = other.state != Fiber::State::dead;
  if (!alive) fibers_[current_]->view.join(other.view);
  if (tells_) tell("sees that " + other.name + (alive ? " is alive" : " is dead"));
  finish();
  return alive;
}

inline void Explorer::touch(Plain& data, bool writes) {
  const View& view = fibers_[current_]->view;
  const auto races_with = [&](std::uint32_t thread, std::uint32_t time) {
    return thread != current_ && time != 0 && view.clock[thread] < time;
  };
  if (races_with(data.writer, data.written)) {
    fail(fibers_[current_]->name + (writes ? " writes " : " reads ") + data.name + " while " +
         fibers_[data.writer]->name + " may be writing it");
  }
  for (std::uint32_t i = 0; writes && i < fibers_.size(); ++i) {
    if (races_with(i, data.read[i]))
      fail(fibers_[current_]->name + " writes " + data.name + " while " + fibers_[i]->name + " may be reading it");
  }
  if (writes) {
    data.writer = current_;
    data.written = view.clock[current_];
  } else {
    data.read[current_] = view.clock[current_];
  }
}

inline void Explorer::touch(const void* address, std::size_t size, bool writes) {
  const auto* const first = static_cast<const std::byte*>(address);
  for (Bytes& one : plain_) {
    if (std::less<>{}(first, one.address + one.size) && std::less<>{}(one.address, first + size))
      touch(one.plain, writes);
  }
}

// ---- The report

inline std::string Explorer::describe() const {
  std::string text = fault_ + "\n";
  for (const Step& step : steps_) {
    const Op& op = step.op;
    text += "  " + fibers_[step.thread]->name + " " + (step.text.empty() ? "was about to go on" : step.text);
    if (op.site.line != 0) text += "  [" + op.site.text() + "]";
    text += "\n";
  }
  text += "  choices:";
  for (const Node& node : nodes_) text += " " + std::to_string(node.chosen);
  return text;
}

}  // namespace model
