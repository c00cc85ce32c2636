// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <cstring>
#include <new>
#include <vector>

namespace {

// Moves to memory of twice the size, as a queue that hands out a larger block does.
class Moving : public pickle::Writer {
 public:
  Moving() : Writer(nullptr, nullptr, &grow) {}
  int moves = 0;

 private:
  static void grow(Writer& writer, std::size_t needed) {
    auto& self = static_cast<Moving&>(writer);
    std::vector<std::byte> larger(2 * (self.size() + needed));
    if (self.size() != 0) std::memcpy(larger.data(), self.data(), self.size());
    self.memory_ = std::move(larger);
    self.rebase(self.memory_.data(), self.memory_.data() + self.memory_.size());
    ++self.moves;
  }
  std::vector<std::byte> memory_;
};

}  // namespace

TEST_CASE("Writer: writes into memory that somebody else owns") {
  std::array<std::byte, 16> memory{};
  pickle::Writer writer(memory.data(), memory.data() + memory.size(), nullptr);
  writer.write("abc", 3);
  writer.write(nullptr, 0);
  std::memcpy(writer.claim(2), "de", 2);
  CHECK(writer.size() == 5);
  CHECK(writer.capacity() == 16);
  CHECK(writer.data() == memory.data());
  CHECK(std::memcmp(memory.data(), "abcde", 5) == 0);
}

TEST_CASE("Writer: align pads with zeros up to a multiple of the offset") {
  std::array<std::byte, 64> memory;
  memory.fill(std::byte{0xff});
  pickle::Writer writer(memory.data(), memory.data() + memory.size(), nullptr);
  writer.align(8);
  CHECK(writer.size() == 0);
  writer.put('x');
  writer.align(8);
  CHECK(writer.size() == 8);
  CHECK(memory[7] == std::byte{0});
  writer.align(8);
  CHECK(writer.size() == 8);
}

TEST_CASE("Writer: when the room ends it is the owner who makes more, or throws") {
  Moving writer;
  for (int i = 0; i < 1000; ++i) writer.put(i);
  CHECK(writer.size() == 1000 * sizeof(int));
  CHECK(writer.moves > 2);
  for (int i = 0; i < 1000; ++i) {
    int value = -1;
    std::memcpy(&value, writer.data() + static_cast<std::size_t>(i) * sizeof(int), sizeof(int));
    REQUIRE(value == i);
  }

  std::array<std::byte, 4> memory{};
  pickle::Writer full(memory.data(), memory.data() + memory.size(), [](pickle::Writer&, std::size_t needed) {
    CHECK(needed == 8);
    throw std::bad_alloc();
  });
  CHECK_THROWS_AS(full.put(1.0), std::bad_alloc);
  full.put(1);  // what fits still fits
  CHECK(full.size() == 4);
}

TEST_CASE("Writer: clear makes it as new, truncate takes back the end") {
  std::array<std::byte, 256> memory{};
  pickle::Writer writer(memory.data(), memory.data() + memory.size(), nullptr);
  const auto shared = std::make_shared<int>(5);
  pickle::dump(writer, shared);
  const Bytes once(writer.data(), writer.data() + writer.size());
  writer.clear();
  CHECK(writer.size() == 0);
  pickle::dump(writer, shared);  // not as one that was written already
  CHECK(Bytes(writer.data(), writer.data() + writer.size()) == once);
  writer.truncate(1);
  CHECK(writer.size() == 1);
}

TEST_CASE("Writer: memory doubles for what comes in pieces, and is exact for what comes at once") {
  CHECK(pickle::Writer::grown_size(0, 8) == 8);
  CHECK(pickle::Writer::grown_size(256, 8) == 520);
  CHECK(pickle::Writer::grown_size(256, 255) == 767);
  CHECK(pickle::Writer::grown_size(256, 256) == 512);
  CHECK(pickle::Writer::grown_size(256, 1 << 20) == 256 + (1 << 20));
}
