// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures.hpp>
#include <concurrent/futures/detail/nodes/body_memory.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/sanitizers.hpp"

using concurrent::futures::detail::body_memory;
using concurrent::futures::detail::BodyStore;
using nodes::mebibyte;
using namespace std::chrono_literals;

TEST_CASE("body_memory: a large piece is used again by what needs about as much") {
  BodyStore::instance().give_back(true);
  const std::byte* first = nullptr;
  {
    const auto body = body_memory(16 * mebibyte);
    first = body.get();
    CHECK(body_memory(16 * mebibyte).get() != first);  // not while it is in use
  }
  BodyStore::instance().give_back(true);
  {
    const auto body = body_memory(16 * mebibyte);
    first = body.get();
  }
  {
    const auto far_less = body_memory(5 * mebibyte);
    CHECK(far_less.get() != first);
    const auto more = body_memory(17 * mebibyte);
    CHECK(more.get() != first);
    const auto as_much = body_memory(15 * mebibyte);
    CHECK(as_much.get() == first);
    as_much[15 * mebibyte - 1] = std::byte{1};
  }
  BodyStore::instance().give_back(true);
}

TEST_CASE("body_memory: what is kept is given back after a second, and no more than a limit is kept") {
  BodyStore& store = BodyStore::instance();
  store.give_back(true);
  const auto before = std::chrono::steady_clock::now();
  body_memory(16 * mebibyte).reset();
  store.give_back();  // too early: it stays
  BodyStore::Piece piece = store.take(16 * mebibyte);
  CHECK((piece.memory != nullptr || std::chrono::steady_clock::now() >= before + std::chrono::seconds(1)));
  if (piece.memory != nullptr) CHECK(store.keep(piece));
  for (const auto kept = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() < kept + 1s;)
    ::usleep(10'000);
  store.give_back();
  CHECK(store.take(16 * mebibyte).memory == nullptr);

  std::vector<std::shared_ptr<std::byte[]>> many;
  for (std::size_t taken = 0; taken <= BodyStore::most; taken += 64 * mebibyte)
    many.push_back(body_memory(64 * mebibyte));
  many.clear();
  std::size_t kept = 0;
  for (; (piece = store.take(64 * mebibyte)).memory != nullptr; kept += piece.size)
    ::operator delete(piece.memory, BodyStore::page);
  CHECK(kept == BodyStore::most);
  store.give_back(true);
}

TEST_CASE("body_memory: what is kept is no reason that there is no memory for what comes") {
  if (support::slowness != 1) return;  // sanitizers have mapped all there is
  BodyStore::instance().give_back(true);
  const int outcome = support::wait_status(support::fork_child([]() -> int {
    std::vector<std::shared_ptr<std::byte[]>> many;
    for (int i = 0; i < 3; ++i) many.push_back(body_memory(64 * mebibyte));
    many.clear();
    rlimit limit{};
    const std::size_t mapped = std::stoul(support::read_text("/proc/self/statm")) * 4096;
    limit.rlim_cur = limit.rlim_max = mapped + 128 * mebibyte;
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return 2;
    return body_memory(160 * mebibyte) != nullptr ? 0 : 1;
  }));
  CHECK(outcome == 0);
}

TEST_CASE("body_memory: a size that nothing has is refused") {
  CHECK_THROWS_AS(body_memory(SIZE_MAX), std::bad_alloc);
  CHECK_THROWS_AS(body_memory(SIZE_MAX - 2 * mebibyte), std::bad_alloc);
}

TEST_CASE("body_memory: a forked child keeps nothing of what its parent keeps") {
  BodyStore::instance().give_back(true);
  body_memory(64 * mebibyte).reset();
  const int outcome = support::wait_status(support::fork_child([] {
    const bool none = BodyStore::instance().take(64 * mebibyte).memory == nullptr;
    body_memory(16 * mebibyte).reset();  // it may keep its own
    return none && BodyStore::instance().take(16 * mebibyte).memory != nullptr ? 0 : 1;
  }));
  CHECK(outcome == 0);
  const BodyStore::Piece piece = BodyStore::instance().take(64 * mebibyte);
  REQUIRE(piece.memory != nullptr);  // and the parent has its own still
  ::operator delete(piece.memory, BodyStore::page);
}
