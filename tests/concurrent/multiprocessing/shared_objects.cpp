// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/shared_objects.hpp>

#include <concurrent/pickle/dumps.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "support/expect.hpp"
#include "support/leak_check.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using mp::ManagedMemory;
using support::contains;

using Words = ManagedMemory::map<ManagedMemory::string, int>;
using Lines = ManagedMemory::vector<ManagedMemory::string>;

TEST_CASE_METHOD(support::LeakChecked, "ManagedMemory: containers by name, of numbers, strings and containers") {
  const ManagedMemory memory(1U << 20U);
  auto& squares = memory.construct<ManagedMemory::vector<int>>("squares");
  for (int i = 0; i < 1000; ++i) squares.push_back(i * i);
  auto& words = memory.construct<Words>("words");
  words.emplace(memory.text("one"), 1);
  words.emplace(memory.text("a word that is longer than any string holds within itself"), 2);
  auto& lists = memory.construct<ManagedMemory::map<int, Lines>>("lists");
  lists.emplace(3, Lines(memory.get_allocator())).first->second.push_back(memory.text("three"));
  memory.construct<double>("number", 2.5);
  memory.construct<ManagedMemory::vector<int>>("ones", 4U, 1);

  CHECK(memory.at<ManagedMemory::vector<int>>("squares")[999] == 998001);
  CHECK(memory.at<Words>("words").find("one")->second == 1);
  CHECK(words.find(std::string("one"))->second == 1);
  CHECK(words.find(std::string_view("a word that is longer than any string holds within itself"))->second == 2);
  CHECK(words.find("two") == words.end());
  CHECK(std::string_view(lists.at(3)[0]) == "three");
  CHECK(memory.at<double>("number") == 2.5);
  CHECK(memory.at<ManagedMemory::vector<int>>("ones").size() == 4);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "ManagedMemory: a process that maps it elsewhere reads it, and what it writes is there") {
  const auto ready = support::Gate::make();
  const mp::SharedMemory message(pickle::dumps(ManagedMemory()).size());
  const pid_t child = support::fork_child([&] {
    ready.wait();
    const mp::SharedMemory elsewhere(1U << 26U);  // so that the address is another
    const auto memory = pickle::loads<ManagedMemory>(message.bytes());
    auto& words = memory.at<Words>("words");
    int sum = 0;
    for (const auto& [word, number] : words) sum += static_cast<int>(word.size()) * number;
    memory.construct<int>("sum", sum);
    words.emplace(memory.text("another word, by the child"), 1);
    return 0;
  });
  {
    const ManagedMemory memory(1U << 20U);  // made after the fork
    auto& words = memory.construct<Words>("words");
    for (int i = 0; i < 100; ++i) words.emplace(memory.text("number " + std::to_string(i) + std::string(40, ' ')), i);
    const auto sent = pickle::dumps(memory);
    std::copy(sent.begin(), sent.end(), message.bytes().begin());
    ready.open();
    CHECK(support::wait_status(child) == 0);
    CHECK(memory.at<int>("sum") == 45 * 48 + (4950 - 45) * 49);
    CHECK(words.find("another word, by the child")->second == 1);
  }
}

TEST_CASE_METHOD(support::LeakChecked, "ManagedMemory: only the name with its type finds an object") {
  const ManagedMemory memory(1U << 16U);
  memory.construct<int>("number", 7);
  CHECK(memory.find<int>("number") != nullptr);
  CHECK(memory.find<long>("number") == nullptr);
  CHECK(memory.find<int>("numbe") == nullptr);
  CHECK(support::message_of<std::out_of_range>([&] { memory.at<Words>("number"); }) ==
        "concurrent::multiprocessing: this ManagedMemory has no object \"number\" of that type. Use the name and the "
        "type with which it was constructed.");
  CHECK(support::message_of<std::invalid_argument>([&] { memory.construct<int>("number", 8); }) ==
        "concurrent::multiprocessing: this ManagedMemory has an object \"number\" of that type already. Take another "
        "name, or destroy it.");
  CHECK(memory.at<int>("number") == 7);
  CHECK(memory.destroy<int>("number"));
  CHECK_FALSE(memory.destroy<int>("number"));
  CHECK(memory.construct<int>("number", 8) == 8);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "ManagedMemory: when the room is used up, bad_alloc, what is given back serves again") {
  const ManagedMemory memory(1U << 16U);
  const std::size_t before = memory.free_memory();
  CHECK(before > 60'000);
  for (int round = 0; round < 3; ++round) {
    auto& numbers = memory.construct<ManagedMemory::vector<int>>("numbers");
    numbers.resize(10'000);
    ManagedMemory::vector<int> more(memory.get_allocator<int>());
    CHECK_THROWS_AS(more.resize(10'000), boost::interprocess::bad_alloc);
    CHECK(memory.free_memory() < before - 40'000);
    memory.destroy<ManagedMemory::vector<int>>("numbers");
    CHECK(memory.free_memory() == before);
  }
}

TEST_CASE_METHOD(support::LeakChecked, "ManagedMemory: room that is not used takes no memory") {
  const ManagedMemory memory(std::size_t{1} << 34U);
  CHECK(memory.size() == std::size_t{1} << 34U);
  memory.construct<int>("number", 7);
  std::size_t blocks = 0;
  for (const std::string& name : support::names_in("/proc/self/fd")) {
    struct stat file{};
    if (::stat(("/proc/self/fd/" + name).c_str(), &file) == 0 && file.st_size > std::int64_t{1} << 34U)
      blocks = static_cast<std::size_t>(file.st_blocks);
  }
  CHECK(blocks > 0);
  CHECK(blocks * 512 < 1U << 20U);
}

TEST_CASE_METHOD(support::LeakChecked, "ManagedMemory: too small, empty, and memory that is none") {
  CHECK(support::message_of<std::invalid_argument>([] { ManagedMemory(100); }) ==
        "concurrent::multiprocessing: the size of a ManagedMemory is 100 bytes. It must be at least 1024.");
  CHECK(ManagedMemory(1024).construct<int>("number", 1) == 1);
  const ManagedMemory none;
  CHECK_FALSE(none);
  CHECK(none.find<int>("number") == nullptr);
  CHECK(none.size() == 0);
  CHECK(contains(support::message_of<std::logic_error>([&] { none.construct<int>("number", 1); }),
                 "this ManagedMemory has no memory"));
  CHECK_FALSE(pickle::loads<ManagedMemory>(pickle::dumps(none)));
  for (const std::size_t size : {10U, 5000U}) {
    const mp::SharedMemory zeros(size);
    CHECK(contains(
        support::message_of<pickle::UnpicklingError>([&] { pickle::loads<ManagedMemory>(pickle::dumps(zeros)); }),
        "the shared memory is no ManagedMemory"));
  }
}
