// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/block_list.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace ipc = concurrent::multiprocessing::detail;

namespace {

/// A region of shared memory of its own.
class Region {
 public:
  explicit Region(std::size_t size) : size_(size) {
    address_ = static_cast<std::byte*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    REQUIRE(static_cast<void*>(address_) != MAP_FAILED);
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region() { ::munmap(address_, size_); }

  std::span<std::byte> bytes() const { return {address_, size_}; }
  std::size_t offset(const std::byte* block) const { return static_cast<std::size_t>(block - address_); }

 private:
  std::byte* address_;
  std::size_t size_;
};

constexpr std::size_t mebibyte = std::size_t{1} << 20;

}  // namespace

TEST_CASE("LargeBlocks: a block that was touched is used again before fresh memory") {
  const Region region(64 * mebibyte);
  ipc::LargeBlocks blocks(region.bytes());
  std::byte* const first = blocks.allocate(3 * mebibyte);
  std::byte* const second = blocks.allocate(mebibyte);
  const std::size_t touched = blocks.touched();
  blocks.free(first);
  CHECK(blocks.allocate(3 * mebibyte) == first);
  CHECK(blocks.touched() == touched);
  CHECK(blocks.capacity(first) >= 3 * mebibyte);
  CHECK(second >= first + 3 * mebibyte);
}

TEST_CASE("LargeBlocks: neighbours that are free become one") {
  const Region region(8 * mebibyte);
  ipc::LargeBlocks blocks(region.bytes());
  std::vector<std::byte*> parts;
  for (int i = 0; i < 8; ++i) parts.push_back(blocks.allocate(mebibyte));
  CHECK(blocks.allocate(1) == nullptr);
  for (const std::size_t i : {1U, 3U, 2U, 0U, 5U, 7U, 6U, 4U}) blocks.free(parts[i]);
  CHECK(blocks.allocate(8 * mebibyte) == region.bytes().data());
}

TEST_CASE("LargeBlocks: a request that the region cannot hold is answered with nothing, not with an overflow") {
  const Region region(4 * mebibyte);
  ipc::LargeBlocks blocks(region.bytes());
  CHECK(blocks.allocate(4 * mebibyte + 1) == nullptr);
  CHECK(blocks.allocate(~std::size_t{0}) == nullptr);
  CHECK(blocks.allocate(~std::size_t{0} - 100) == nullptr);
  std::byte* const whole = blocks.allocate(4 * mebibyte);
  REQUIRE(whole != nullptr);
  CHECK(blocks.allocate(0) == nullptr);
  CHECK_FALSE(blocks.extend(whole, 4 * mebibyte + 1));
  CHECK_FALSE(blocks.extend(whole, ~std::size_t{0}));
  blocks.free(whole);
  CHECK(blocks.allocate(4 * mebibyte) == whole);
}

TEST_CASE("LargeBlocks: only the last block grows where it stands") {
  const Region region(16 * mebibyte);
  ipc::LargeBlocks blocks(region.bytes());
  std::byte* const first = blocks.allocate(mebibyte);
  std::byte* const second = blocks.allocate(mebibyte);
  CHECK_FALSE(blocks.extend(first, 2 * mebibyte));
  CHECK(blocks.extend(second, 4 * mebibyte));
  CHECK(blocks.capacity(second) >= 4 * mebibyte);
  CHECK(blocks.allocate(mebibyte) >= second + 4 * mebibyte);
}

TEST_CASE("LargeBlocks: trim gives the pages of free blocks back and leaves the others alone") {
  const Region region(16 * mebibyte);
  ipc::LargeBlocks blocks(region.bytes());
  std::byte* const kept = blocks.allocate(mebibyte);
  std::byte* const dropped = blocks.allocate(4 * mebibyte);
  std::memset(kept, 1, mebibyte);
  std::memset(dropped, 2, 4 * mebibyte);
  blocks.free(dropped);
  blocks.trim();
  CHECK(blocks.touched() == mebibyte);
  CHECK(std::to_integer<int>(kept[mebibyte - 1]) == 1);
  CHECK(std::to_integer<int>(dropped[0]) == 0);
  CHECK(blocks.allocate(mebibyte) == dropped);
}

TEST_CASE("LargeBlocks: no page has a part of two blocks, also where pages have 64 KiB") {
  const Region region(64 * mebibyte);
  ipc::LargeBlocks blocks(region.bytes());
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same in each run
  std::vector<std::byte*> used;
  for (int i = 0; i < 300; ++i) {
    if (std::byte* const block = blocks.allocate(random() % (4 * mebibyte)); block != nullptr) used.push_back(block);
    if (i % 3 == 0 && !used.empty()) used.erase(used.begin());
    if (i % 3 == 1 && !used.empty()) {
      blocks.free(used.back());
      used.pop_back();
    }
    for (const std::byte* const block : used) {
      REQUIRE(region.offset(block) % 65536 == 0);
      REQUIRE(blocks.capacity(block) % 65536 == 0);
    }
  }
}

TEST_CASE("BlockList: blocks are aligned, large enough, and a class for each power of two") {
  const Region region(64 * mebibyte);
  ipc::BlockList blocks(region.bytes());
  for (std::size_t size = 1; size <= 4 * mebibyte; size = size * 2 + 1) {
    const ipc::Allocation block = blocks.allocate(size);
    REQUIRE(block.address != nullptr);
    CHECK(block.size >= size);
    CHECK(reinterpret_cast<std::uintptr_t>(block.address) % 64 == 0);
    CHECK(block.size <= std::max<std::size_t>(1024, 2 * size + 4096));
    blocks.free(block);
    CHECK(blocks.allocate(size).address == block.address);  // what was freed last is warm
  }
}

TEST_CASE("BlockList: when all is used up it says so, and goes on once something is freed") {
  const Region region(4 * mebibyte);
  ipc::BlockList blocks(region.bytes());
  std::vector<ipc::Allocation> taken;
  for (;;) {
    const ipc::Allocation block = blocks.allocate(100'000);
    if (block.address == nullptr) break;
    taken.push_back(block);
    REQUIRE(taken.size() < 100);
  }
  CHECK(taken.size() >= 16);
  blocks.free(taken.back());
  CHECK(blocks.allocate(100'000).address == taken.back().address);
}

TEST_CASE("BlockList: blocks in use never overlap, whatever the order of requests") {
  const Region region(256 * mebibyte);
  ipc::BlockList blocks(region.bytes());
  std::mt19937 random(7);
  std::map<std::size_t, ipc::Allocation> used;  // by offset
  for (int step = 0; step < 20'000; ++step) {
    if (used.size() < 40 && random() % 3 != 0) {
      const std::size_t size = std::size_t{1} << (random() % 22);
      const ipc::Allocation block = blocks.allocate(size + random() % size);
      REQUIRE(block.address != nullptr);
      const std::size_t at = region.offset(block.address);
      REQUIRE(at + block.size <= region.bytes().size());
      const auto next = used.lower_bound(at);
      REQUIRE((next == used.end() || next->first >= at + block.size));
      REQUIRE((next == used.begin() || std::prev(next)->first + std::prev(next)->second.size <= at));
      used.emplace(at, block);
    } else if (!used.empty()) {
      auto victim = used.begin();
      std::advance(victim, static_cast<std::ptrdiff_t>(random() % used.size()));
      blocks.free(victim->second);
      used.erase(victim);
    }
    if (step % 1000 == 0) blocks.trim();
  }
  for (const auto& [at, block] : used) blocks.free(block);
  blocks.trim();
  CHECK(blocks.touched() == 0);
}

TEST_CASE("BlockList: memory in use does not grow with the number of blocks that came and went") {
  const Region region(256 * mebibyte);
  ipc::BlockList blocks(region.bytes());
  std::size_t after_first_round = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<ipc::Allocation> taken;
    for (std::size_t size = 1024; size <= 8 * mebibyte; size *= 2) taken.push_back(blocks.allocate(size));
    for (const auto& block : taken) blocks.free(block);
    if (round == 0) after_first_round = blocks.touched();
  }
  CHECK(blocks.touched() == after_first_round);
}

TEST_CASE("BlockList: payloads that grow touch little more memory than the largest of them") {
  const Region region(256 * mebibyte);
  ipc::BlockList blocks(region.bytes());
  std::size_t largest_touch = 0;
  for (std::size_t size = 1024; size <= mebibyte; size *= 2) {
    const std::size_t before = blocks.touched();
    blocks.free(blocks.allocate(size));
    largest_touch = std::max(largest_touch, blocks.touched() - before);
  }
  CHECK(blocks.touched() <= 3 * mebibyte);
  CHECK(largest_touch <= mebibyte);
}

TEST_CASE("BlockList: of many small blocks, twice as many are touched as are in use at the most") {
  const Region region(256 * mebibyte);
  ipc::BlockList blocks(region.bytes());
  for (std::size_t count = 1; count <= 20'000; ++count) {
    REQUIRE(blocks.allocate(1024).address != nullptr);
    const std::size_t in_use = count * 1024;
    if (in_use <= 2 * mebibyte) {
      REQUIRE(blocks.touched() <= std::max(2 * in_use, std::size_t{64} << 10));
    } else {
      REQUIRE(blocks.touched() <= in_use + 2 * mebibyte);
    }
  }
}
