// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/result_writer.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/segments.hpp"

namespace ipc = concurrent::multiprocessing::detail;

namespace {

struct Place {
  ipc::Segment segment = support::make_segment(1, 2, 16);
  ipc::ResultBlocks blocks{segment.worker_region(0), 8};
  ipc::ResultEntry& entry = segment.result(0, 0);
};

std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

ipc::Block& header_of(const ipc::Segment& segment, std::uint64_t offset) {
  return *reinterpret_cast<ipc::Block*>(segment.base() + offset - sizeof(ipc::Block));
}

}  // namespace

TEST_CASE("ResultWriter: a small result lies in the ring's entry") {
  Place place;
  ipc::ResultWriter writer(place.blocks);
  const std::string text = text_of(ipc::ResultEntry::inline_capacity);
  writer.write(text.data(), text.size());
  CHECK(writer.publish(place.segment, place.entry) == 0);
  CHECK(std::memcmp(place.entry.bytes, text.data(), text.size()) == 0);
}

TEST_CASE("ResultWriter: one that outgrows the entry, in pieces or at once, lies whole in one block") {
  const std::size_t piece = GENERATE(1U, 63U, 64U, 65U, 4096U, 100'000U, 3'000'000U);
  const std::string text = text_of(3'000'000);
  Place place;
  ipc::ResultWriter writer(place.blocks);
  for (std::size_t at = 0; at < text.size(); at += piece)
    writer.write(text.data() + at, std::min(piece, text.size() - at));
  const std::uint64_t size = writer.size();
  const std::uint64_t offset = writer.publish(place.segment, place.entry);
  REQUIRE(offset != 0);
  CHECK(size == text.size());
  CHECK(offset % ipc::cache_line == 0);
  CHECK(std::memcmp(place.segment.base() + offset, text.data(), text.size()) == 0);
  CHECK(header_of(place.segment, offset).busy.load() == 1);
  CHECK(header_of(place.segment, offset).capacity >= text.size());
}

TEST_CASE("ResultBlocks: a block is not used again before the caller is done with it, and then it is") {
  Place place;
  const std::string text = text_of(2'000'000);
  const auto publish = [&] {
    ipc::ResultWriter writer(place.blocks);
    writer.write(text.data(), text.size());
    return writer.publish(place.segment, place.entry);
  };
  const std::uint64_t first = publish();
  const std::uint64_t second = publish();
  CHECK(first != second);
  CHECK(std::memcmp(place.segment.base() + first, text.data(), text.size()) == 0);
  header_of(place.segment, first).busy = 0;
  CHECK(publish() == first);
}

TEST_CASE("ResultWriter: what is never published is free again") {
  Place place;
  const std::string text = text_of(2'000'000);
  std::uint64_t offset = 0;
  for (int i = 0; i < 3; ++i) {
    ipc::ResultWriter abandoned(place.blocks);
    abandoned.write(text.data(), text.size());
    const auto at = place.segment.offset_of(abandoned.data());
    if (i != 0) CHECK(at == offset);
    offset = at;
  }
}

TEST_CASE("fault 39: a result that the shared memory cannot hold is a PicklingError with its size") {
  Place place;
  ipc::ResultWriter writer(place.blocks);
  const std::uint64_t size = std::uint64_t{1} << 50;
  const std::string text = support::message_of<concurrent::pickle::PicklingError>([&] { (void)writer.claim(size); });
  CHECK(support::contains(text, "result too large"));
  CHECK(support::contains(text, std::to_string(size)));
  writer.clear();
  writer.write("still usable", 12);
  CHECK(writer.size() == 12);
}

TEST_CASE("ResultBlocks: more results may be with the caller than room was made for") {
  Place place;  // for 8
  const auto meant = std::make_shared<const int>(1);
  std::vector<ipc::Allocation> blocks;
  for (int i = 0; i < 100; ++i) {
    blocks.push_back(place.blocks.allocate(1000));
    REQUIRE(blocks.back().address != nullptr);
    concurrent::pickle::Writer::Kept kept;
    kept.add(meant);
    place.blocks.hand_over(blocks.back(), std::move(kept));
  }
  CHECK(meant.use_count() == 101);
  for (int i = 0; i < 100; i += 2)
    reinterpret_cast<ipc::Block*>(blocks[static_cast<std::size_t>(i)].address)->busy.store(0);
  CHECK(place.blocks.keeps());
  CHECK(meant.use_count() == 101);  // until it is a time for it
  place.blocks.let_go();
  CHECK(meant.use_count() == 51);
  for (const auto& block : blocks) reinterpret_cast<ipc::Block*>(block.address)->busy.store(0);
  CHECK_FALSE(place.blocks.keeps());
  place.blocks.trim();
  CHECK(meant.use_count() == 1);
}

TEST_CASE("ResultBlocks.trim: pages of what the caller is done with go back, and nobody else's") {
  Place place;
  const std::string text = text_of(4'000'000);
  std::uint64_t offsets[2];
  for (std::uint64_t& offset : offsets) {
    ipc::ResultWriter writer(place.blocks);
    writer.write(text.data(), text.size());
    offset = writer.publish(place.segment, place.entry);
  }
  header_of(place.segment, offsets[1]).busy = 0;
  place.blocks.trim();
  CHECK(std::memcmp(place.segment.base() + offsets[0], text.data(), text.size()) == 0);
  CHECK(std::to_integer<int>(place.segment.base()[offsets[1] + 100]) == 0);
}

TEST_CASE("ResultWriter: what a result means is let go of when the worker has time, and not on the way of the next") {
  Place place;
  auto memory = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = memory;
  {
    ipc::ResultWriter writer(place.blocks);
    writer.keep(memory);
    memory.reset();
    writer.write("result", 6);
    writer.finish();
    header_of(place.segment, writer.publish(place.segment, place.entry)).busy = 0;  // the caller has loaded it
  }
  place.blocks.let_go();
  CHECK_FALSE(watched.expired());  // nobody has looked yet
  {
    ipc::ResultWriter next(place.blocks);
    const std::string text = text_of(10'000);  // takes a block, and what is done with is noted
    next.write(text.data(), text.size());
    static_cast<void>(next.publish(place.segment, place.entry));
  }
  CHECK_FALSE(watched.expired());
  CHECK_FALSE(place.blocks.keeps());
  place.blocks.let_go();
  CHECK(watched.expired());
}
