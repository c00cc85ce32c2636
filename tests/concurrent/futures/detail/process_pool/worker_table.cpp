// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/process_pool/worker_table.hpp>
#include <random>

#include "support/catch.hpp"

using concurrent::futures::detail::Deadline;
using concurrent::futures::detail::WorkerSlot;
using concurrent::futures::detail::WorkerTable;

namespace {

struct Counts {
  std::uint32_t occupied = 0;
  std::uint32_t accepting = 0;
  std::uint32_t resigning = 0;
};

Counts recount(const WorkerTable& table) {
  Counts counts;
  for (std::uint32_t i = 0; i < table.room(); ++i) {
    if (table[i].state == WorkerSlot::State::vacant) continue;
    ++counts.occupied;
    if (!table[i].retiring) ++counts.accepting;
    if (table[i].resigning) ++counts.resigning;
  }
  return counts;
}

}  // namespace

TEST_CASE("WorkerTable: whatever happens to workers, the counts are those of the slots") {
  std::mt19937 random(20240611);
  constexpr std::uint32_t room = 7;
  WorkerTable table;
  table.open(room, room);
  REQUIRE(table.size() == 0);
  std::uint64_t last_serial = 0;
  for (int step = 0; step < 100'000; ++step) {
    const auto index = static_cast<std::uint32_t>(random() % room);
    if (!table.is_occupied(index)) {
      const WorkerSlot& slot = table.occupy(index, 1, Deadline{});
      REQUIRE(slot.serial > last_serial);
      last_serial = slot.serial;
      REQUIRE(slot.pid == 0);
      REQUIRE_FALSE((slot.retiring || slot.resigning || slot.stopping || slot.leaving || slot.ignored_wakeup));
      REQUIRE_FALSE((slot.holds_call || slot.was_blocked || slot.blocks_reserved));
    } else {
      switch (random() % 4) {
        case 0:
          REQUIRE(table.started(index, table[index].serial, 100));
          REQUIRE_FALSE(table.started(index, table[index].serial - 1, 200));
          REQUIRE(table[index].pid == 100);
          break;
        case 1:
          table.retire(index);
          REQUIRE_FALSE(table.retire(index));
          break;
        case 2:
          if (!table[index].retiring) table.resign(index);
          break;
        case 3:
          table.vacate(index);
          REQUIRE_FALSE(table.holds(index, last_serial));
          break;
      }
    }
    const Counts counts = recount(table);
    REQUIRE(table.occupied() == counts.occupied);
    REQUIRE(table.accepting() == counts.accepting);
    for (std::uint32_t most = 0; most <= 2 * room; ++most)
      REQUIRE(table.has_room_below(most) == (counts.accepting + counts.resigning < most));
  }
}

TEST_CASE("WorkerTable: a worker retires once, and one that has left is not found") {
  WorkerTable table;
  table.open(4, 4);
  const std::uint64_t serial = table.occupy(2, 5, Deadline{}).serial;
  CHECK(table.size() == 3);
  CHECK(table.holds(2, serial));
  CHECK(table.retire(2));
  CHECK_FALSE(table.retire(2));
  table.vacate(2);
  CHECK_FALSE(table.holds(2, serial));
  CHECK_FALSE(table.started(2, serial, 1));
  CHECK_FALSE(table.is_occupied(99));
  CHECK(table.size() == 3);
  CHECK(table.occupy(2, 6, Deadline{}).serial != serial);
}
