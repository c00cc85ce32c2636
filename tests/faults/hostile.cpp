// SPDX-License-Identifier: BSL-1.0
// Rows 47 to 51: a worker that writes whatever it likes wherever it can. The caller never crashes, never reads outside
// the segment, never gives one task's value to another's future that it could have told apart, and never waits for
// ever.
#include "faults/in_child.hpp"
#include "faults/segment_of.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <dirent.h>
#include <random>
#include <thread>

using namespace faults;

namespace {

enum class Forgery {
  wrong_ticket,
  wrong_record,
  record_out_of_range,
  wrong_nonce,
  wrong_outcome,
  huge_size,
  negative_size,
  offset_before_region,
  offset_of_header,
  offset_past_end,
  offset_unaligned,
  offset_of_neighbour,
  size_past_end,
  initializer,
  twice,
  count
};

/// Publishes a result for the call in hand that is wrong in one respect, as from inside the task.
int forge(Forgery kind, Gate done) {
  const Found found = Found::here();
  const std::uint64_t position = found.next_position();
  const std::uint64_t call = found.call();
  ipc::ResultEntry& entry = found.result(found.own, position);
  entry.call = call;
  entry.nonce = found.record(ipc::record_of(call)).nonce;
  entry.size = sizeof(int);
  entry.offset = 0;
  entry.outcome = static_cast<std::uint32_t>(ipc::Outcome::value);
  const std::uint64_t region = found.geometry.worker_regions + found.own * found.geometry.worker_region_size;
  switch (kind) {
    case Forgery::wrong_ticket:
      entry.call += std::uint64_t{1} << 24;
      break;
    case Forgery::wrong_record:
      entry.call ^= 1;
      break;
    case Forgery::record_out_of_range:
      entry.call |= 0xFFFFFF;
      break;
    case Forgery::wrong_nonce:
      entry.nonce ^= 1;
      break;
    case Forgery::wrong_outcome:
      entry.outcome = 77;
      break;
    case Forgery::huge_size:
      entry.size = std::uint64_t{1} << 63;
      break;
    case Forgery::negative_size:
      entry.size = ~std::uint64_t{0};
      break;
    case Forgery::offset_before_region:
      entry.offset = region;
      break;
    case Forgery::offset_of_header:
      entry.offset = 64;
      break;
    case Forgery::offset_past_end:
      entry.offset = found.geometry.size + 4096;
      break;
    case Forgery::offset_unaligned:
      entry.offset = region + 65;
      break;
    case Forgery::offset_of_neighbour:
      entry.offset = region + (found.own == 0 ? found.geometry.worker_region_size : 0) + 128;
      if (found.own != 0) entry.offset = found.geometry.worker_regions + 128;
      break;
    case Forgery::size_past_end:
      entry.offset = region + 128;
      entry.size = found.geometry.worker_region_size;
      break;
    case Forgery::initializer:
      entry.call = ~std::uint64_t{0};
      break;
    case Forgery::twice:
    case Forgery::count:
      break;
  }
  found.commit(entry, position);
  if (kind == Forgery::twice) {
    ipc::ResultEntry& again = found.result(found.own, position + 1);
    again.call = entry.call;
    again.nonce = entry.nonce;
    again.size = sizeof(int);
    again.offset = 0;
    again.outcome = entry.outcome;
    found.commit(again, position + 1);
  }
  done.wait();
  return 0;
}

/// A right message round whatever bytes.
template <class T>
T publish_bytes(std::vector<unsigned char> bytes, Gate done) {
  const Found found = Found::here();
  const std::uint64_t position = found.next_position();
  ipc::ResultEntry& entry = found.result(found.own, position);
  entry.call = found.call();
  entry.nonce = found.record(ipc::record_of(found.call())).nonce;
  entry.size = std::min<std::uint64_t>(bytes.size(), ipc::ResultEntry::inline_capacity);
  std::memcpy(entry.bytes, bytes.data(), entry.size);
  entry.offset = 0;
  entry.outcome = static_cast<std::uint32_t>(bytes.size() % 5 == 0 ? ipc::Outcome::exception : ipc::Outcome::value);
  found.commit(entry, position);
  done.wait();
  return {};
}

struct Depth {
  std::vector<Depth> inner;
};

/// Writes random words over the control area for a while.
int scribble(unsigned seed, std::uint64_t words, bool only_words) {
  const Found found = Found::here();
  std::minstd_rand random(seed);
  for (std::uint64_t i = 0; i < words; ++i) {
    const std::size_t at =
        sizeof(ipc::SegmentGeometry) + random() % (found.control_size() - sizeof(ipc::SegmentGeometry) - 8);
    auto* const word = reinterpret_cast<std::atomic<std::uint64_t>*>(found.control(at / 8 * 8));
    const std::uint64_t value = random() % 4 == 0 ? random() % 5 : (std::uint64_t{random()} << 32) | random();
    if (only_words && random() % 2 == 0) {
      word->fetch_add(value % 3);
    } else {
      word->store(value);
    }
  }
  return 0;
}

/// While the caller reads its large result, this one goes on changing it.
std::vector<std::string> change_while_read(Counter started) {
  static const bool once = [&] {  // one such thread a worker
    std::thread([started] {
      const Found found = Found::here();
      std::byte* const region =
          found.base + found.geometry.worker_regions + found.own * found.geometry.worker_region_size;
      std::minstd_rand random(7);
      started.add();
      for (;;) {
        const std::size_t at = 64 + random() % 60'000;
        region[at] = static_cast<std::byte>(random());
      }
    }).detach();
    started.wait_until(1);
    return true;
  }();
  return std::vector<std::string>(500, std::string(50, once ? 'x' : 'y'));
}

/// All that is left in the pool is done one way or the other, and a fresh pool works.
void comes_to_an_end(cf::ProcessPoolExecutor& pool, const std::vector<cf::Future<std::uint64_t>>& futures) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    try {
      if (futures[i].result(20s * busy()) != key_of(i)) ++wrong;
    } catch (const cf::TimeoutError&) {
      FAIL_CHECK("task " << i << " is not done");
      break;
    } catch (const std::exception&) {
    }
  }
  CHECK(wrong == 0);
  pool.kill_workers();
  CHECK(pool.shutdown_for(10s * busy()));
}

}  // namespace

EACH_POLICY(
    "fault 47: a message with a wrong ticket, record, nonce, size, offset: its worker is ended, its future fails") {
  for (int kind = 0; kind < static_cast<int>(Forgery::twice); ++kind) {
    CAPTURE(kind);
    Trial trial(policy);
    const auto gate = Gate::make();
    auto victim = trial.submit(forge, static_cast<Forgery>(kind), gate);
    trial.one(victim, "wrote a result that cannot be and was stopped while it ran", SIGKILL);
    gate.open();
    trial.finish();
  }
}

EACH_POLICY(
    "fault 48: results of arbitrary bytes: the future fails with UnpicklingError or has a value, nothing else") {
  Trial trial(policy, policy.options(1));
  std::minstd_rand random(11);
  const int rounds = slowness == 1 ? 120 : 40;
  for (int i = 0; i < rounds; ++i) {
    std::vector<unsigned char> bytes(random() % 65);
    for (auto& byte : bytes) byte = static_cast<unsigned char>(random() % 3 == 0 ? random() % 4 : random());
    CAPTURE(i, bytes);
    const auto done = Gate::make();
    const bool is_exception = bytes.size() % 5 == 0;  // whose type the bytes say
    const auto survives = [&](auto future) {
      try {
        future.result(20s);
        CHECK_FALSE(is_exception);
      } catch (const cf::TimeoutError&) {
        FAIL_CHECK("not done");
      } catch (const pickle::UnpicklingError&) {
      } catch (const std::exception& error) {
        if (!is_exception) FAIL_CHECK(error.what());
      }
      done.open();
    };
    // The worker answers a second time, for a call that is done: that ends it, as row 51 says.
    Trial own(policy, policy.options(1));
    const int type = i % 4;
    if (type == 0) survives(own.submit(publish_bytes<std::vector<std::string>>, bytes, done));
    if (type == 1) survives(own.submit(publish_bytes<std::optional<std::string>>, bytes, done));
    if (type == 2) survives(own.submit(publish_bytes<std::variant<int, std::string, bool>>, bytes, done));
    if (type == 3) survives(own.submit(publish_bytes<Depth>, bytes, done));
    own.pool().kill_workers();
  }
  // Each of these is wrong in one respect.
  const auto refused = [&](auto task, std::vector<unsigned char> bytes) {
    CAPTURE(bytes);
    const auto done = Gate::make();
    Trial own(policy, policy.options(1));
    CHECK_THROWS_AS(own.submit(task, bytes, done).result(20s), pickle::UnpicklingError);
    done.open();
    own.pool().kill_workers();
  };
  refused(publish_bytes<bool>, {2});
  refused(publish_bytes<int>, {1, 2, 3});
  refused(publish_bytes<std::optional<std::string>>, {2});
  refused(publish_bytes<std::optional<std::string>>, {1, 9, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'});
  refused(publish_bytes<std::vector<std::string>>, {0, 0, 0, 0, 0, 0, 0, 16});
  refused(publish_bytes<std::vector<std::uint64_t>>, {0, 0, 0, 0, 0, 0, 0, 128});
  refused(publish_bytes<Depth>, {255, 255, 255, 255, 255, 255, 255, 255});
  trial.finish();
}

EACH_POLICY("fault 48: what a worker wrote that cannot be is looked at once: afterwards the caller sleeps") {
  Trial trial(policy, policy.options(1));
  const auto never = Gate::make();
  auto victim = trial.submit(
      [](Gate until) {
        const Found found = Found::here();
        const std::uint64_t position = found.next_position();
        ipc::ResultEntry& entry = found.result(found.own, position);
        entry.outcome = 77;
        found.commit(entry, position);
        until.wait();
        return 0;
      },
      never);
  trial.one(victim, "wrote a result that cannot be and was stopped", SIGKILL);
  // The manager looks around every 50 ms, and later not at all; where it spins, every few microseconds.
  const At rounds("caller.manager_sleeps", Do::nothing, every);
  const timespec while_counted{1, 0};
  ::nanosleep(&while_counted, nullptr);
  CHECK(rounds.hits() < 200);
  trial.finish();
}

EACH_POLICY("fault 49: a result that its worker changes while the caller reads it: never a crash") {
  for (int i = 0; i < 3; ++i) {
    Trial trial(policy, policy.options(1));
    for (int k = 0; k < 20; ++k) {
      const auto started = Counter::make();
      try {
        trial.submit(change_while_read, started).result(20s);
      } catch (const pickle::UnpicklingError&) {
      } catch (const cf::BrokenProcessPool&) {  // it has hit its own block's header
        break;
      }
    }
    trial.pool().kill_workers();
    CHECK(trial.pool().shutdown_for(10s));
  }
}

EACH_POLICY("fault 50: a worker cannot cut, grow or unseal the shared memory") {
  Trial trial(policy);
  auto future = trial.submit(
      [](pid_t caller) {
        int opened = 0;
        int refused = 0;
        for (const std::string& process : {std::string("self"), std::to_string(caller), std::to_string(::getppid())}) {
          for (const char* folder : {"/fd", "/map_files"}) {
            const std::string path = "/proc/" + process + folder;
            for (const std::string& name : support::names_in(path)) {
              char target[256] = {};
              if (::readlink((path + "/" + name).c_str(), target, sizeof target - 1) < 0) continue;
              if (std::string(target).find("memfd:concurrent_futures") == std::string::npos) continue;
              if (std::string(target).find("freeze_support") != std::string::npos) continue;  // a mark, never read
              const int fd = ::open((path + "/" + name).c_str(), O_RDWR | O_CLOEXEC);
              if (fd < 0) continue;
              ++opened;
              const bool cut = ::ftruncate(fd, 4096) == 0;
              const bool cut_refused = errno == EPERM;
              const bool grown = ::ftruncate(fd, off_t{1} << 46) == 0;
              const bool sealed = ::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
              if (!cut && cut_refused && !grown && !sealed) ++refused;
              ::close(fd);
            }
          }
        }
        return std::pair(opened, refused);
      },
      ::getpid());
  const auto [opened, refused] = future.result(20s);
  CHECK(opened == refused);
  if (opened == 0) skip("nobody has it open in a way that this worker could use");
  CHECK(trial
            .submit([] {  // what it does to its own mapping is its own affair
              const Found found = Found::here();
              return ::mprotect(found.base + found.geometry.caller_region, 4096, PROT_READ);
            })
            .result(20s) == 0);
  trial.finish();
}

EACH_POLICY(
    "fault 51: a worker completes a task twice, one that is not its own, one that was cancelled: nothing is set "
    "twice") {
  {  // twice: the second ends it, when nothing is charged to it any more
    Trial trial(policy, policy.options(1));
    const auto gate = Gate::make();
    auto victim = trial.submit(forge, Forgery::twice, gate);
    CHECK_NOTHROW(victim.result(20s));
    REQUIRE(eventually([&] { return trial.lost() == 1; }));
    trial.expect_death("wrote a result that cannot be and was stopped");
    gate.open();
    trial.finish();
  }
  {  // a call that another worker runs
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto other = trial.submit(hold, started, gate, 5);
    started.wait_until(1);
    const auto never = Gate::make();
    auto victim = trial.submit(
        [](Gate until) {
          const Found found = Found::here();
          const std::uint32_t neighbour = found.own == 0 ? 1 : 0;
          const std::uint64_t position = found.next_position();
          ipc::ResultEntry& entry = found.result(found.own, position);
          entry.call = found.worker(neighbour).call.load();
          entry.nonce = found.record(ipc::record_of(entry.call)).nonce;
          entry.size = sizeof(int);
          entry.offset = 0;
          entry.outcome = static_cast<std::uint32_t>(ipc::Outcome::value);
          found.commit(entry, position);
          until.wait();
          return 0;
        },
        never);
    trial.one(victim, "wrote a result that cannot be and was stopped", SIGKILL);
    CHECK_FALSE((other.done() && !policy.breaks()));
    gate.open();
    trial.value(other, 5);
    trial.finish();
  }
  {  // a call that was cancelled while it waited
    Trial trial(policy, policy.options(1));
    const auto gate = Gate::make();
    const auto go = Gate::make();
    auto victim = trial.submit(
        [](Gate cancelled, Gate until) {
          cancelled.wait();
          const Found found = Found::here();
          const std::uint64_t own = found.call();
          const std::uint64_t position = found.next_position();
          ipc::ResultEntry& entry = found.result(found.own, position);
          for (std::uint32_t i = 0; i < found.geometry.first_records; ++i) {
            const auto state = ipc::RecordState::unpack(found.record(i).state.load());
            if (i == ipc::record_of(own) || state.ticket == 0) continue;
            entry.call = ipc::pack_call(state.ticket, i);
            entry.nonce = found.record(i).nonce;
          }
          entry.size = sizeof(std::uint64_t);
          entry.offset = 0;
          entry.outcome = static_cast<std::uint32_t>(ipc::Outcome::value);
          found.commit(entry, position);
          until.wait();
          return 0;
        },
        gate, go);
    auto waiting = trial.submit(keyed, std::uint64_t{1});
    auto waiting_too = trial.submit(keyed, std::uint64_t{2});
    CHECK(waiting.cancel());
    CHECK(waiting_too.cancel());
    gate.open();
    trial.one(victim, "wrote a result that cannot be and was stopped", SIGKILL);
    CHECK(waiting.cancelled());
    go.open();
    trial.finish();
  }
}

namespace {

/// Writes over the bytes of every call that waits, and of nothing else.
int spoil_waiting_calls(Counter started, Gate placed) {
  started.add();
  placed.wait();
  const Found found = Found::here();
  int spoiled = 0;
  for (std::uint32_t i = 0; i < found.geometry.first_records; ++i) {
    ipc::CallRecord& record = found.record(i);
    if (ipc::RecordState::unpack(record.state.load()).stage != ipc::Stage::ready) continue;
    record.bytes[record.size - sizeof(std::uint64_t)] ^= std::byte{1};
    ++spoiled;
  }
  return spoiled;
}

}  // namespace

EACH_POLICY("fault 47: a call whose argument was written over while it waited is not run, and its future says why") {
  Trial trial(policy, policy.options(1));
  const auto started = Counter::make();
  const auto placed = Gate::make();
  auto wild = trial.submit(spoil_waiting_calls, started, placed);
  started.wait_until(1);
  auto victim = trial.pool().submit(keyed, std::uint64_t{1});
  placed.open();
  CHECK(wild.result(20s * busy()) == 1);
  const std::string text = message_of<concurrent::pickle::UnpicklingError>([&] { victim.result(20s * busy()); });
  CHECK(contains(text, "a rogue task has written over it"));
  trial.finish();
}

EACH_POLICY(
    "fault 47: a worker that writes over everything: the caller lives, every future is done, no value is wrong") {
  const int rounds = slowness == 1 ? 25 : 8;
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    support::CapturedLog log;
    cf::ProcessPoolExecutor pool(policy.options(3));
    std::vector<cf::Future<std::uint64_t>> futures;
    pool.warm_up(3);
    const std::uint64_t words = round % 3 == 0 ? 5 : round % 3 == 1 ? 200 : 100'000;
    auto wild = pool.submit(scribble, static_cast<unsigned>(round + 1), words, round % 2 == 0);
    try {
      for (std::uint64_t i = 0; i < 100; ++i) futures.push_back(pool.submit(keyed, i));
    } catch (const cf::BrokenProcessPool&) {
    }
    // What waits for a task that no worker knows of any more is not known to the caller as lost: it may kill.
    const auto end = support::Clock::now() + 1s;
    for (const auto& future : futures) {
      const auto left = end - support::Clock::now();
      if (left > 0s) cf::wait(std::vector{future}, left);
    }
    pool.kill_workers();
    comes_to_an_end(pool, futures);
  }
  Trial trial(policy);
  trial.finish();
}
