// SPDX-License-Identifier: BSL-1.0
// Queue in all executions, with a ring of four entries, which are used again: each item comes out once,
// whole, in its producer's order, or is lost with who was killed while it held it; nobody sleeps while there is
// something for it; and who joins sees what was done.
#include "model/check.hpp"

#include <concurrent/multiprocessing/detail/queue_core.hpp>

namespace ipc = concurrent::multiprocessing::detail;

using State = ipc::SharedRecord<ipc::QueueWords>;
using Seen = std::shared_ptr<ipc::QueueRing::Seen>;

// A queue's memory, to make it small and as new, and what a process has seen of it, for each process its own. (An
// explicit instantiation may name what is private.)
State& state_of(ipc::QueueCore& core);
Seen& seen_by(ipc::QueueCore& core);
ipc::QueueNodes nodes_of(ipc::QueueCore& core);
ipc::QueueRing ring_of(ipc::QueueCore& core, const ipc::QueueNodes& nodes);
template <State ipc::QueueCore::* state, Seen ipc::QueueCore::* seen, auto nodes, auto ring>
struct Opened {
  friend State& state_of(ipc::QueueCore& core) { return core.*state; }
  friend Seen& seen_by(ipc::QueueCore& core) { return core.*seen; }
  friend ipc::QueueNodes nodes_of(ipc::QueueCore& core) { return (core.*nodes)(); }
  friend ipc::QueueRing ring_of(ipc::QueueCore& core, const ipc::QueueNodes& its) { return (core.*ring)(its); }
};
template struct Opened<&ipc::QueueCore::state_, &ipc::QueueCore::seen_, &ipc::QueueCore::nodes, &ipc::QueueCore::ring>;

// Likewise what who has taken an item does last.
void free_entry(const ipc::QueueRing& ring, std::atomic<ipc::QueueEntry>& at, ipc::QueueEntry entry,
                ipc::HolderId self);
template <auto free>
struct OpenedRing {
  friend void free_entry(const ipc::QueueRing& ring, std::atomic<ipc::QueueEntry>& at, ipc::QueueEntry entry,
                         ipc::HolderId self) {
    (ring.*free)(at, entry, self);
  }
};
template struct OpenedRing<&ipc::QueueRing::free_entry>;

namespace {

constexpr std::uint32_t most_threads = 4;
constexpr std::uint32_t entries = 4;  // no fewer: an item, and those that three are about to free
constexpr std::uint32_t nodes = 5;

class Stage {
 public:
  /// `filled`: how many items are put before.
  explicit Stage(model::Explorer::Program& program, int filled = 0) {
    ipc::QueueCore& core = queue();
    ipc::QueueWords& words = state_of(core).record();
    static const std::vector<std::byte> as_made = copy_of(bytes());
    std::copy(as_made.begin(), as_made.end(), bytes().begin());
    words.ring = entries;
    words.nodes = nodes;
    for (ipc::QueueCore& each : processes) {
      each = core;
      seen_by(each) = std::make_shared<ipc::QueueRing::Seen>();
    }
    // Once nearly round, so that what is put next has been something else before.
    for (std::uint32_t i = 0; i + 1 < entries; ++i) {
      ipc::ItemBytes bytes;
      static_cast<void>(processes[0].put(std::as_bytes(std::span(&i, 1)), (ipc::Deadline::max)()));
      static_cast<void>(processes[0].get(bytes, (ipc::Deadline::max)()));
      static_cast<void>(processes[0].task_done());
    }
    for (int i = 0; i < filled; ++i) put(0, 100 + i);
    program.name(&words.head, "head");
    program.name(&words.tail, "tail");
    program.name(&words.closed, "closed");
    for (const auto& [sleepers, name] : {std::pair(&words.getters, "getters"), std::pair(&words.putters, "putters"),
                                         std::pair(&words.joiners, "joiners")}) {
      program.name(&sleepers->count, std::string(name) + "' count");
      program.name(&sleepers->there, std::string(name) + " there");
    }
    std::byte* const extra = state_of(core).extra();
    for (std::uint32_t i = 0; i < entries; ++i)
      program.name(extra + i * sizeof(ipc::QueueEntry), "entry " + std::to_string(i));
    for (std::uint32_t i = 0; i < nodes; ++i) {
      auto* const node = reinterpret_cast<ipc::QueueNode*>(extra + entries * sizeof(ipc::QueueEntry)) + i;
      program.name(&node->owner, "owner of node " + std::to_string(i));
      program.bytes(node->bytes, sizeof node->bytes, "the bytes of node " + std::to_string(i));
    }
    for (std::uint32_t i = 0; i < ipc::HolderTable::slot_count; ++i)
      program.name(&words.owed[i], "owed by " + std::to_string(i));
  }

  void put(std::uint32_t process, int item) {
    const auto outcome = processes[process].put(std::as_bytes(std::span(&item, 1)), (ipc::Deadline::max)());
    if (outcome == ipc::QueueOutcome::closed) return;
    model::expect(outcome == ipc::QueueOutcome::done, "a put without a deadline gives up");
    ++put_count;
  }
  /// 0: closed.
  int get(std::uint32_t process) {
    ipc::ItemBytes bytes;
    const auto outcome = processes[process].get(bytes, (ipc::Deadline::max)());
    if (outcome == ipc::QueueOutcome::closed) return 0;
    model::expect(outcome == ipc::QueueOutcome::done, "a get without a deadline gives up");
    model::expect(bytes.span().size() == sizeof(int), "an item is not whole");
    int item = 0;
    std::copy_n(bytes.data(), sizeof item, reinterpret_cast<std::byte*>(&item));
    int& last = last_of[{process, item / 10}];
    model::expect(item > 0 && last < item, "items of one producer come in another order: " + std::to_string(item) +
                                               " after " + std::to_string(last));
    last = item;
    ++times[item];
    model::expect(times[item] == 1, "item " + std::to_string(item) + " comes out twice");
    return item;
  }
  /// In the end, with `lost` items at most that somebody took who was killed.
  void check(int lost) {
    const int there = static_cast<int>(processes[0].size());
    const int came = static_cast<int>(times.size());
    model::expect(came + there <= put_count + lost && came + there + lost >= put_count,
                  std::to_string(put_count) + " were put, " + std::to_string(came) + " came out, and " +
                      std::to_string(there) + " are there");
  }

  std::vector<ipc::QueueCore> processes = std::vector<ipc::QueueCore>(most_threads, queue());
  model::Data work{"what was done with an item"};

 private:
  static ipc::QueueCore& queue() {
    static ipc::QueueCore core(1, 1);
    return core;
  }
  static std::span<std::byte> bytes() {
    const std::size_t parts = entries * sizeof(ipc::QueueEntry) + nodes * sizeof(ipc::QueueNode);
    return {reinterpret_cast<std::byte*>(&state_of(queue()).record()), sizeof(ipc::QueueWords) + parts};
  }
  static std::vector<std::byte> copy_of(std::span<std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

  std::map<std::pair<std::uint32_t, int>, int> last_of;  // by who gets and who puts
  std::map<int, int> times;
  int put_count = 0;
};

model::Limits limits(int deaths) {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  limits.deaths = deaths;
  return limits;
}

/// Each of `putters` puts and each of `getters` gets as many as there are for it.
model::Case traffic(const std::string& name, int putters, int puts, int getters, int filled, int deaths,
                    bool is_long = false) {
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program, filled);
    const int gets = (putters * puts + filled) / getters;
    for (int i = 0; i < putters; ++i) {
      program.thread(
          "putter " + std::to_string(i),
          [stage, i, puts] {
            for (int k = 1; k <= puts; ++k) stage->put(static_cast<std::uint32_t>(i), 10 * i + k);
          },
          deaths != 0 && i == 0 ? model::Ends::may_die : model::Ends::always);
    }
    for (int i = 0; i < getters; ++i) {
      const bool dies = deaths != 0 && putters == 0 && i == 0;
      program.thread(
          "getter " + std::to_string(i),
          [stage, i, gets, putters] {
            for (int k = 0; k < gets; ++k) static_cast<void>(stage->get(static_cast<std::uint32_t>(putters + i)));
          },
          dies          ? model::Ends::may_die
          : deaths != 0 ? model::Ends::may_sleep
                        : model::Ends::always);
    }
    program.at_end([stage, deaths] { stage->check(deaths); });
  };
  return {name, set_up, limits(deaths), is_long};
}

/// One gets, and may be killed at any step; one puts, for which there is room once the item is gone.
model::Case getter_dies() {
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program, 1);
    program.thread("getter", [stage] { static_cast<void>(stage->get(0)); }, model::Ends::may_die);
    program.thread(
        "putter",
        [stage] {
          stage->put(1, 1);
          model::expect(stage->get(1) != 0, "what was put is not there");
        },
        model::Ends::may_sleep);
    program.at_end([stage] { stage->check(1); });
  };
  return {"queue, who gets is killed", set_up, limits(1)};
}

/// Where the next item goes, the entry is still that of the round before: who took it has moved head, and is about to
/// free the entry, or is killed before. Meanwhile one puts an item, and one looks for one.
model::Case late_taker() {
  struct Late : Stage {
    explicit Late(model::Explorer::Program& program) : Stage(program) {
      number = nodes.take(1, [](std::uint32_t) { return false; });
      ipc::HolderTable::set_up_for = 2;
      self = state_of(processes[2]).self();
      ipc::HolderTable::set_up_for = 0;
      taken = nodes.take(self, [](std::uint32_t) { return false; });
      at = reinterpret_cast<std::atomic<ipc::QueueEntry>*>(state_of(processes[2]).extra()) +
           (state_of(processes[2]).record().tail.load() & (entries - 1));
      entry = at->load().ready_with(taken).taken_by(ipc::HolderTable::shorten(self));
      at->store(entry);
    }
    void look() {
      const ipc::QueueRing ring = ring_of(processes[1], nodes);
      std::uint64_t position = 0;
      ipc::QueueEntry found;
      if (!ring.find_item(2, position, found)) return;
      model::expect(ring.take(2, position, found), "somebody else has taken the item");
      model::expect(found.node() == number, "the item is not the one that was put");
      is_gone = true;
    }

    ipc::QueueNodes nodes = nodes_of(processes[2]);
    std::uint32_t number = 0;
    ipc::HolderId self = 0;  // of who took the one before
    std::uint32_t taken = 0;
    std::atomic<ipc::QueueEntry>* at = nullptr;
    ipc::QueueEntry entry;
    bool is_gone = false;
  };
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Late>(program);
    program.thread("putter", [stage] {
      model::expect(ring_of(stage->processes[0], stage->nodes).publish(stage->number), "there is no room");
    });
    program.thread("getter", [stage] { stage->look(); });
    program.thread(
        "late taker",
        [stage] { free_entry(ring_of(stage->processes[2], stage->nodes), *stage->at, stage->entry, stage->self); },
        model::Ends::may_die);
    program.at_end([stage] {
      model::expect(stage->processes[3].size() == (stage->is_gone ? 0 : 1), "the item is lost, or there twice");
    });
  };
  model::Limits its = limits(1);
  its.stale = 0;  // with more it would be too much
  return {"queue's ring, who took is late or killed", set_up, its};
}

/// Who gets an item and does its work says so; who joins sees the work.
model::Case joins(const std::string& name, bool dies) {
  const auto set_up = [dies](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program, 1);
    program.thread(
        "worker",
        [stage] {
          static_cast<void>(stage->get(0));
          stage->work.write(1);
          model::expect(stage->processes[0].task_done(), "nobody owes what was just taken");
        },
        dies ? model::Ends::may_die : model::Ends::always);
    program.thread(
        "joiner",
        [stage, dies] {
          stage->processes[1].join();
          model::expect(dies || stage->work.read() == 1, "join returns before the work is done");
        },
        dies ? model::Ends::may_sleep : model::Ends::always);
  };
  return {name, set_up, limits(dies ? 1 : 0)};
}

/// The ring alone, without nodes to find and to fill: one puts and one gets, of whom the latter goes to sleep where
/// there is nothing for it; or there is no room, and it is who puts that goes to sleep.
model::Case ring(const std::string& name, bool is_full, std::uint32_t putters = 1) {
  struct Ring : Stage {
    Ring(model::Explorer::Program& program, int filled) : Stage(program, filled) {
      for (std::uint32_t i = 0; i < 2; ++i) numbers[i] = nodes.take(i + 1, [](std::uint32_t) { return false; });
    }
    void publish(std::uint32_t which) {
      model::expect(ipc::wait_for(
                        words().putters, (ipc::Deadline::max)(),
                        [&] {
                          return ring.has_room() && ring.publish(numbers[which]) ? ipc::QueueOutcome::done
                                                                                 : ipc::QueueOutcome::in_vain;
                        },
                        [&] { return ring.has_room(); }) == ipc::QueueOutcome::done,
                    "a put without a deadline gives up");
      words().getters.wake(1);
    }
    void take() {
      const ipc::HolderId self = state_of(processes[0]).self();
      model::expect(ipc::wait_for(
                        words().getters, (ipc::Deadline::max)(),
                        [&] {
                          std::uint64_t position = 0;
                          ipc::QueueEntry entry;
                          while (other.find_item(self, position, entry)) {
                            if (other.take(self, position, entry)) return ipc::QueueOutcome::done;
                          }
                          return ipc::QueueOutcome::in_vain;
                        },
                        [&] { return other.size() != 0; }) == ipc::QueueOutcome::done,
                    "a get without a deadline gives up");
      words().putters.wake(1);
    }
    ipc::QueueWords& words() { return state_of(processes[0]).record(); }

    ipc::QueueNodes nodes = nodes_of(processes[0]);
    ipc::QueueRing ring = ring_of(processes[0], nodes);
    ipc::QueueRing other = ring_of(processes[3], nodes);
    std::array<std::uint32_t, 2> numbers{};
  };
  const auto set_up = [is_full, putters](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Ring>(program, is_full ? 1 : 0);
    for (std::uint32_t i = 0; i < putters; ++i)
      program.thread("putter " + std::to_string(i), [stage, i] { stage->publish(i); });
    program.thread("getter", [stage, is_full, putters] {
      for (std::uint32_t i = is_full ? 1 : 0; i < putters; ++i) stage->take();
      if (is_full) stage->take();
    });
  };
  model::Limits its = limits(0);
  its.lag = putters == 1;  // with two it would be too much
  return {name, set_up, its};
}

/// Who closes: what was put before is found, and nobody sleeps on.
model::Case closes() {
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program);
    program.thread("putter", [stage] {
      stage->work.write(1);
      stage->put(0, 1);
      stage->processes[0].close(false);
    });
    program.thread("getter", [stage] {
      model::expect(stage->get(1) == 1, "what was put before the close is not found");
      model::expect(stage->work.read() == 1, "what was done before the put is not seen");
      model::expect(stage->get(1) == 0, "a closed queue has an item that nobody has put");
    });
  };
  return {"queue, closed after an item", set_up, limits(0)};
}

model::Cases cases() {
  return {traffic("queue, one puts and one gets twice", 1, 2, 1, 0, 0),
          traffic("queue, one puts thrice and one gets", 1, 3, 1, 0, 0, true),
          traffic("queue, two put and one gets", 2, 1, 1, 0, 0),
          ring("queue's ring, one puts and one gets", false),
          ring("queue's ring, one puts and one makes room", true),
          ring("queue's ring, two put and one gets", false, 2),
          traffic("queue, one puts and two get", 1, 1, 2, 1, 0),
          traffic("queue, two put and two get", 2, 1, 2, 0, 0, true),
          traffic("queue, who puts is killed", 1, 1, 1, 1, 1),
          getter_dies(),
          late_taker(),
          joins("queue, one joins", false),
          joins("queue, one joins and who works is killed", true),
          closes()};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Queue: each item comes out once and whole, nobody sleeps for nothing, whoever is killed") {
  model::check_all(cases());
}
