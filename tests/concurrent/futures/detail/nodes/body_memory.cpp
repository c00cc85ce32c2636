// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/nodes/body_memory.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

using concurrent::futures::detail::body_memory;
using concurrent::futures::detail::BodyStore;
using namespace std::chrono_literals;

namespace {
constexpr std::size_t mebibyte = std::size_t{1} << 20;
}

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
