// SPDX-License-Identifier: BSL-1.0
// The memory between a Manager's client and its server: what goes through it, what does not fit, who dies beside it.
#include <concurrent/multiprocessing/detail/manager_channel.hpp>

#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/deadline.hpp"
#include "support/manager_clients.hpp"
#include "support/sanitizers.hpp"

namespace mp = concurrent::multiprocessing;
namespace ipc = concurrent::multiprocessing::detail;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using support::holdings;
using support::ManagerChecked;
using support::memory_files;
using support::RawClient;
using Clock = std::chrono::steady_clock;
using FrameKind = ipc::ManagerFrame::Kind;

namespace {

constexpr std::size_t most = ipc::ManagerChannel::most;

/// Calls enough for a connection to have its memory.
template <class T>
void warm_up(const mp::ListProxy<T>& list) {
  for (int i = 0; i < 10; ++i) static_cast<void>(list.size());
}
std::vector<std::byte> append_call(ipc::ObjectId object, int value) {
  pickle::detail::VectorWriter call;
  pickle::dump_call<pickle::Pickle>(call, ipc::ManagedFunction<&ipc::ManagedList<int>::append>{},
                                    ipc::ManagedKey{object}, value);
  return call.take();
}

}  // namespace

TEST_CASE("ManagerChannel: calls and answers, and the bells that whoever sleeps is owed") {
  ipc::Descriptor file;
  ipc::ManagerChannel server = ipc::ManagerChannel::make(file);
  REQUIRE(server.valid());
  ipc::ManagerChannel client = ipc::ManagerChannel::open(file);
  REQUIRE(client.valid());
  ipc::ManagerFrame frame;
  ipc::ReceivedBytes bytes;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4097}, most}) {
    const std::vector<std::byte> message(size, std::byte{7});
    CHECK_FALSE(server.has_request());
    server.server_sleeps();
    CHECK(client.post_request(message));
    CHECK_FALSE(client.has_answer());
    REQUIRE(server.has_request());
    CHECK(server.read_request(frame, bytes));
    CHECK(std::equal(message.begin(), message.end(), bytes.bytes().begin(), bytes.bytes().end()));
    CHECK(frame.checksum_of(bytes.bytes()) == frame.checksum);
    client.client_sleeps();
    CHECK(server.post_answer(FrameKind::value, message));
    CHECK(client.client_wakes());  // the server has seen it: a bell comes
    REQUIRE(client.has_answer());
    CHECK(client.read_answer(frame, bytes));
    CHECK(frame.kind == FrameKind::value);
    CHECK(bytes.bytes().size() == size);
    // Nobody sleeps: no bells.
    server.server_wakes();
    CHECK_FALSE(client.post_request(message));
    CHECK(server.read_request(frame, bytes));
    CHECK_FALSE(server.post_answer(FrameKind::exception, {}));
    client.client_sleeps();
    CHECK_FALSE(client.client_wakes());
  }
  CHECK_FALSE(server.has_frame(0));
  client.announce_frame();
  CHECK(server.has_frame(0));
  CHECK_FALSE(server.has_frame(1));
  server.post_that_answer_follows();
  CHECK(client.read_answer(frame, bytes));
  CHECK(frame.kind == FrameKind::follows);
}

TEST_CASE("ManagerChannel: what is no such memory is not mapped, and what is cannot be cut short") {
  ipc::Descriptor file;
  const ipc::ManagerChannel server = ipc::ManagerChannel::make(file);
  REQUIRE(server.valid());
  CHECK(::ftruncate(file.get(), 0) != 0);
  CHECK(::ftruncate(file.get(), 1 << 20) != 0);
  CHECK_FALSE(ipc::ManagerChannel::open(ipc::Descriptor()).valid());
  const ipc::Descriptor unsealed = ipc::make_memfd("tests");
  REQUIRE(::ftruncate(unsealed.get(), sizeof(ipc::ManagerChannelWords)) == 0);
  CHECK_FALSE(ipc::ManagerChannel::open(unsealed).valid());
  REQUIRE(::ftruncate(unsealed.get(), 4096) == 0);
  REQUIRE(::fcntl(unsealed.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0);
  CHECK_FALSE(ipc::ManagerChannel::open(unsealed).valid());
}

TEST_CASE_METHOD(ManagerChecked, "K48 Manager: calls and answers of every size, through the memory and past it") {
  mp::Manager manager;
  const auto list = manager.list<std::string>({"first"});
  warm_up(list);
  CHECK(memory_files(manager.pid()) >= 1);
  std::vector<std::size_t> sizes{0, 1, 27, 28, 29, 100, 4096, 100'000, 1'000'000};
  for (std::size_t below = 120; below > 0; below -= 5) sizes.push_back(most - below);
  for (const std::size_t size : sizes) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    list.set(0, text);
    CHECK(list.at(0) == text);
  }
  CHECK_THROWS_AS(list.at(7), std::out_of_range);
  CHECK(list.size() == 1);
}

TEST_CASE_METHOD(ManagerChecked, "K48 Manager: threads that call and let go at once, each by a connection of its own") {
  mp::Manager manager;
  const auto sum = manager.list<long>({0});
  std::atomic<int> wrong{0};
  constexpr int turns = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < turns; ++turn) {
        const auto own = manager.list<int>({turn});  // let go of at once: a frame on the socket between calls
        if (own.at(0) != turn) ++wrong;
        sum.update(0, [](long& n) { ++n; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(sum.at(0) == 3 * turns);
  support::eventually([&] { return manager.number_of_objects() == 1; });
  CHECK(manager.number_of_objects() == 1);
}

TEST_CASE_METHOD(ManagerChecked, "K50 Manager: a killed server ends calls that wait in the memory, within 50 ms") {
  mp::Manager manager;
  const auto list = manager.list<int>();
  warm_up(list);
  const mp::Value<int> running;
  std::atomic<bool> died{false};
  std::atomic<std::int64_t> told{0};
  std::thread caller([&] {
    try {
      list.apply(
          [](std::deque<int>&, mp::Value<int> word) {
            word.store(1);
            for (;;) std::this_thread::sleep_for(1h);
          },
          running);
    } catch (const mp::ManagerDied&) {
      died = true;
    }
    told = Clock::now().time_since_epoch().count();
  });
  support::eventually([&] { return running.load() == 1; });
  const std::int64_t killed = Clock::now().time_since_epoch().count();
  ::kill(manager.pid(), SIGKILL);
  caller.join();
  CHECK(died);
  const double milliseconds = static_cast<double>(told - killed) / 1e6;
  INFO("told after " << milliseconds << " ms");
  CHECK(milliseconds < 50 * (support::sanitizes_addresses_or_threads ? 20 : 1));
  CHECK_THROWS_AS(list.size(), mp::ManagerDied);
}

TEST_CASE_METHOD(ManagerChecked, "K62 Manager: a fork has no part in its parent's memory") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  warm_up(list);
  const std::size_t mapped = memory_files(::getpid());
  const pid_t child = support::fork_child([&] {
    if (memory_files(::getpid()) >= mapped) return 1;
    for (int i = 0; i < 20; ++i) list.append(i);
    return list.size() == 21 ? 0 : 2;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(list.size() == 21);
}

TEST_CASE_METHOD(ManagerChecked, "K54 Manager: a client without a descriptor for the memory goes on without it") {
  if (support::sanitizer_needs_descriptors) return;
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const pid_t child = support::fork_child([&] {
    if (list.size() != 1) return 1;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{3, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 50; ++i) list.append(i);
    return list.size() == 51 ? 0 : 2;
  });
  CHECK(support::wait_status(child) == 0);
}

TEST_CASE_METHOD(ManagerChecked, "K49 K52 K62 Manager: one that stops or dies around a posted call delays nobody") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  warm_up(list);
  const auto start = holdings(manager.pid());
  const std::size_t mapped = memory_files(manager.pid());
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back(list);
      REQUIRE(clients.back().ask_for_channel());
    }
    clients[0].words().request.write(FrameKind::call, append_call(1, 2));  // and dies before it says so
    // Once the server's thread sleeps: posted, and no bell.
    support::eventually([&] { return clients[1].words().server_sleeps.load() == 1; });
    clients[1].post(append_call(1, 3));
    clients[2].post(append_call(1, 4));
    clients[2].ring();
    CHECK(clients[2].is_answered());
    clients[3].words().client_sleeps = 1;
    clients[3].post(append_call(1, 5));
    clients[3].ring();
    CHECK(clients[3].answers());  // by the bell
    CHECK(clients[3].is_answered());
    Clock::duration fastest = 1h;
    for (int i = 0; i < 20; ++i) fastest = std::min(fastest, support::time_of([&] { CHECK(list.size() == 3); }));
    CHECK(fastest < 1ms * (support::sanitizes_addresses_or_threads ? 20 : 1));
  }
  support::eventually([&] { return holdings(manager.pid()) <= start && memory_files(manager.pid()) <= mapped; });
  CHECK(holdings(manager.pid()) == start);
  CHECK(memory_files(manager.pid()) == mapped);
  CHECK(list.copy() == std::vector<int>{1, 4, 5});
}

TEST_CASE_METHOD(ManagerChecked, "Manager: hostile bytes in the memory are answered or their sender is dropped") {
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  std::minstd_rand random(13);
  const std::vector<std::byte> whole = append_call(1, 5);
  {  // a whole call, with each of its bytes changed, and cut short
    RawClient client(list);
    REQUIRE(client.ask_for_channel());
    CHECK_FALSE(client.words().request.number.load() != 0);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::vector<std::byte> changed = whole;
      changed[i] ^= static_cast<std::byte>(1U << random() % 8);
      client.post(changed);
      client.ring();
      CHECK(client.is_answered());
      client.post(std::vector<std::byte>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)));
      client.ring();
      CHECK(client.is_answered());
    }
  }
  for (int i = 0; i < 40; ++i) {  // words, a frame and bytes that say anything
    RawClient client(list);
    REQUIRE(client.ask_for_channel());
    if (i % 4 == 3) CHECK_FALSE(RawClient(list, false).ask_for_channel());
    auto* const bytes = reinterpret_cast<std::byte*>(&client.words());
    const std::size_t count = random() % 2 == 0 ? 512 : sizeof(RawClient::Words);
    for (std::size_t at = 0; at < count; ++at) bytes[at] = static_cast<std::byte>(random());
    client.words().request.frames = static_cast<std::uint32_t>(random() % 3);
    client.frame(FrameKind::bell, nullptr, 0);
    if (i % 2 == 0) client.post(whole);
    client.frame(i % 5 == 0 ? FrameKind::channel : FrameKind::bell, nullptr, 0);
    if (i % 7 == 0) {
      ::fallocate(client.memory(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, sizeof(RawClient::Words));
      client.post(whole);
    }
  }
  {  // a size and bytes that change while the server looks
    RawClient client(list);
    REQUIRE(client.ask_for_channel());
    std::atomic<bool> done{false};
    std::thread writer([&] {
      std::minstd_rand own(17);
      while (!done) {
        client.words().request.frame[own() % 3].store(own(), std::memory_order_relaxed);
        client.words().answer.number.store(static_cast<std::uint32_t>(own()), std::memory_order_relaxed);
        client.words().server_sleeps.store(1, std::memory_order_relaxed);
      }
    });
    for (int i = 0; i < 200; ++i) {
      client.post(whole);
      client.ring();
    }
    done = true;
    writer.join();
  }
  warm_up(list);
  CHECK(list.at(0) == 1);
}

TEST_CASE("K63 Manager: 100 000 clients with memory of their own, and the server is as it was [long]", "[long]") {
  const support::DeadlineGuard deadline("100 000 clients with memory of their own", std::chrono::minutes(10));
  mp::Manager manager;
  const auto list = manager.list<int>({1});
  const auto memory = [&] { return std::stol(support::status_field(std::to_string(manager.pid()), "VmRSS")); };
  long before = 0;
  std::pair<std::size_t, std::size_t> start;
  std::size_t mapped = 0;
  const std::vector<std::byte> call = append_call(1, 5);
  for (int i = 0; i < 100'000; ++i) {
    RawClient client(list);
    REQUIRE(client.ask_for_channel());
    if (i % 2 == 0) client.post(std::vector<std::byte>(call.begin(), call.begin() + 9));
    if (i % 4 == 0) client.ring();
    if (i == 1000) {
      support::eventually([&] { return holdings(manager.pid()).second < 10; });
      before = memory();
      start = holdings(manager.pid());
      mapped = memory_files(manager.pid());
    }
  }
  support::eventually([&] { return holdings(manager.pid()) <= start && memory_files(manager.pid()) <= mapped; });
  CHECK(holdings(manager.pid()) <= start);
  CHECK(memory_files(manager.pid()) <= mapped);
  INFO("resident before and after: " << before << ", " << memory() << " KiB");
  CHECK(memory() < before + 2048);
  CHECK(list.size() == 1);
}
