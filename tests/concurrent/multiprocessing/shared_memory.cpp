// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/shared_memory.hpp>

#include <concurrent/pickle/dumps.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/sanitizers.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using Message = std::vector<std::byte>;
using support::contains;

namespace {

/// How a child of the test ended that had `message` sent to it, and the text of what it threw, in `text`.
std::string refusal_in_child(const Message& message) {
  mp::SharedMemory text(1024);
  const pid_t child = support::fork_child([&] {
    try {
      pickle::loads<mp::SharedMemory>(message);
    } catch (const pickle::UnpicklingError& error) {
      std::strncpy(reinterpret_cast<char*>(text.bytes().data()), error.what(), text.size() - 1);
    }
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  return reinterpret_cast<const char*>(text.bytes().data());
}

/// A child that makes memory for its parent, who says when it may go.
class Sender {
 public:
  explicit Sender(bool keeps = true) {
    child_ = support::fork_child([&] {
      std::optional<mp::SharedMemory> memory(std::in_place, 100);
      memory->bytes()[99] = std::byte{7};
      const Message made = pickle::dumps(*memory);
      if (!keeps) memory.reset();
      std::copy(made.begin(), made.end(), message_.bytes().begin());
      ready_.open();
      end_.wait();
      return 0;
    });
    ready_.wait();
  }
  ~Sender() { end(); }
  Message message() const { return Message(message_.bytes().begin(), message_.bytes().end()); }
  pid_t pid() const { return child_; }
  void end() {
    end_.open();
    if (child_ != 0) CHECK(support::wait_status(child_) == 0);
    child_ = 0;
  }

 private:
  static std::size_t message_size() { return pickle::dumps(mp::SharedMemory()).size(); }

  mp::SharedMemory message_{message_size()};
  support::Gate ready_ = support::Gate::make();
  support::Gate end_ = support::Gate::make();
  pid_t child_ = 0;
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked,
                 "SH1 SH3 SharedMemory: zeros of the size asked for, from the beginning of a page") {
  for (const std::size_t size : {1U, 63U, 64U, 65U, 4096U, 1'000'000U}) {
    const mp::SharedMemory memory(size);
    CHECK(memory.size() == size);
    REQUIRE(memory.bytes().size() == size);
    CHECK(reinterpret_cast<std::uintptr_t>(memory.bytes().data()) % 4096 == 0);
    CHECK(std::all_of(memory.bytes().begin(), memory.bytes().end(), [](std::byte b) { return b == std::byte{0}; }));
    std::fill(memory.bytes().begin(), memory.bytes().end(), std::byte{255});
    CHECK(pickle::loads<mp::SharedMemory>(pickle::dumps(memory)) == memory);  // its own words are not among the bytes
  }
}

TEST_CASE("SH2 SharedMemory: an impossible size is named, with what would be right") {
  CHECK(support::message_of<std::invalid_argument>([] { mp::SharedMemory(0); }) ==
        "concurrent::multiprocessing: the size of shared memory is 0 bytes. It must be from 1 to " +
            std::to_string(PTRDIFF_MAX / 2) + ".");
  CHECK(contains(support::message_of<std::invalid_argument>([] { mp::SharedMemory(SIZE_MAX); }),
                 "is " + std::to_string(SIZE_MAX) + " bytes"));
}

TEST_CASE("SharedMemory: one that is empty has no bytes, and arrives empty") {
  const mp::SharedMemory none;
  CHECK_FALSE(none);
  CHECK(none.bytes().empty());
  CHECK(none.size() == 0);
  CHECK(pickle::loads<mp::SharedMemory>(pickle::dumps(none)) == none);
}

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: one mapping and one descriptor a process, however many handles") {
  const auto descriptors = [] { return support::names_in("/proc/self/fd").size(); };
  const std::size_t before = descriptors();
  mp::SharedMemory first(10);
  CHECK(descriptors() == before + 1);
  mp::SharedMemory second = first;
  auto third = pickle::loads<mp::SharedMemory>(pickle::dumps(first));
  CHECK(descriptors() == before + 1);
  CHECK(third.bytes().data() == first.bytes().data());
  first = {};
  second = {};
  third.bytes()[0] = std::byte{1};
  CHECK(descriptors() == before + 1);
  third = {};
  CHECK(descriptors() == before);
}

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: nobody can cut it short or make it longer") {
  const auto memory_files = [] {  // by number; the descriptor that reads the folder is none and is closed by then
    std::vector<std::string> files;
    for (const std::string& name : support::names_in("/proc/self/fd")) {
      char target[64] = {};
      if (::readlink(("/proc/self/fd/" + name).c_str(), target, sizeof target - 1) < 0) continue;
      if (contains(target, "concurrent_futures_shared")) files.push_back(name);
    }
    return files;
  };
  const std::vector<std::string> before = memory_files();  // what earlier tests have kept
  const mp::SharedMemory memory(10000);
  int found = 0;
  for (const std::string& name : memory_files()) {
    if (std::find(before.begin(), before.end(), name) != before.end()) continue;
    ++found;
    CHECK(::ftruncate(std::stoi(name), 0) != 0);
    CHECK(errno == EPERM);
    CHECK(::ftruncate(std::stoi(name), 100000) != 0);
  }
  CHECK(found == 1);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "SH3 SH6 SH7 SharedMemory: a process older than it finds it by way of the one that sent it") {
  Sender sender;
  const auto memory = pickle::loads<mp::SharedMemory>(sender.message());
  CHECK(memory.size() == 100);
  CHECK(memory.bytes()[99] == std::byte{7});
  const auto again = pickle::loads<mp::SharedMemory>(sender.message());
  CHECK(again.bytes().data() == memory.bytes().data());
  sender.end();
  CHECK(memory.bytes()[99] == std::byte{7});  // it lives on
  CHECK(pickle::loads<mp::SharedMemory>(pickle::dumps(memory)) == memory);
}

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: who received it can send it on when its maker is gone") {
  Sender sender;
  std::optional<Sender> older(std::in_place);  // just to be older than what follows
  const auto memory = pickle::loads<mp::SharedMemory>(sender.message());
  sender.end();
  const Message sent_on = pickle::dumps(memory);
  CHECK(refusal_in_child(sent_on) == "");
}

TEST_CASE_METHOD(support::LeakChecked, "SH4 SharedMemory: the sender has ended, and the message says so") {
  Sender sender;
  const Message message = sender.message();
  const std::string pid = std::to_string(sender.pid());
  sender.end();
  CHECK(
      support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::SharedMemory>(message); }) ==
      "concurrent::multiprocessing: shared memory of 100 bytes cannot be reached: process " + pid +
          ", which sent it, has ended, has let go of it, or runs on another machine. Keep the object where it was made "
          "until the tasks that were given it are done.");
}

TEST_CASE_METHOD(support::LeakChecked,
                 "SH4 SharedMemory: the sender has let go of it, also when its number is another's") {
  const Sender gone(false);
  CHECK(contains(support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::SharedMemory>(gone.message()); }),
                 "has let go of it"));

  // In this very process, where the next one gets the same descriptor.
  std::optional<mp::SharedMemory> memory(std::in_place, 100);
  const Message message = pickle::dumps(*memory);
  memory.reset();
  memory.emplace(100);
  const Message other = pickle::dumps(*memory);
  CHECK(std::equal(message.begin() + 24, message.end(), other.begin() + 24));  // pid and descriptor
  CHECK(contains(support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::SharedMemory>(message); }),
                 "has let go of it"));
}

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: a damaged name of it is answered with UnpicklingError") {
  const mp::SharedMemory memory(100);
  const Message message = pickle::dumps(memory);
  for (std::size_t at = 0; at < message.size(); ++at) {
    for (const unsigned flip : {1U, 16U, 128U, 255U}) {
      Message damaged = message;
      damaged[at] ^= std::byte(flip);
      // Where it is known already, nobody has to be asked who has it.
      if (at >= 24) CHECK(pickle::loads<mp::SharedMemory>(damaged) == memory);
      damaged[at < 24 ? at : 0] ^= std::byte(at < 24 ? 0 : 1);
      CHECK_THROWS_AS(pickle::loads<mp::SharedMemory>(damaged), pickle::UnpicklingError);
    }
  }
  CHECK_THROWS_AS(pickle::loads<mp::SharedMemory>(std::span(message).first(message.size() - 1)),
                  pickle::UnpicklingError);
}

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: a name that leads to another kind of file opens nothing") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const mp::SharedMemory memory(100);
  Message message = pickle::dumps(memory);
  message[0] ^= std::byte{1};  // or it is known here
  std::memcpy(message.data() + 28, &ends[0], sizeof ends[0]);
  CHECK_THROWS_AS(pickle::loads<mp::SharedMemory>(message), pickle::UnpicklingError);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "SharedMemory: without descriptors or file size there is a system_error that says so") {
  if (support::sanitizer_needs_descriptors) return;
  const auto text_under = [](auto resource, rlim_t limit, std::size_t size) {
    rlimit before{};
    REQUIRE(::getrlimit(resource, &before) == 0);
    rlimit less = before;
    less.rlim_cur = limit;
    ::setrlimit(resource, &less);
    std::exception_ptr thrown;
    try {
      const mp::SharedMemory memory(size);
    } catch (const std::system_error&) {
      thrown = std::current_exception();
    }
    ::setrlimit(resource, &before);
    return support::text_of(thrown);
  };
  CHECK(contains(text_under(RLIMIT_NOFILE, 3, 10), "memfd_create failed. Too many descriptors are open"));
  CHECK(contains(text_under(RLIMIT_FSIZE, 5000, 5000), "ulimit -f"));
}

TEST_CASE_METHOD(support::LeakChecked,
                 "SH7 K47 SharedMemory: when its maker and another are killed it is there, with the last, gone") {
  const Message empty = pickle::dumps(mp::SharedMemory());
  const mp::SharedMemory message(empty.size());
  const support::Counter ready = support::Counter::make();
  const auto stay = [&] {
    ready.add();
    for (;;) ::pause();
    return 0;
  };
  for (const bool has_it_here : {true, false}) {
    const std::uint32_t before = ready.value();
    const pid_t maker = support::fork_child([&] {
      const mp::SharedMemory memory(1000);
      memory.bytes()[999] = std::byte{9};
      const Message made = pickle::dumps(memory);
      std::copy(made.begin(), made.end(), message.bytes().begin());
      return stay();
    });
    ready.wait_until(before + 1);
    const Message sent(message.bytes().begin(), message.bytes().end());
    const pid_t other = support::fork_child([&] {
      const auto memory = pickle::loads<mp::SharedMemory>(sent);
      return memory.bytes()[999] == std::byte{9} ? stay() : 1;
    });
    ready.wait_until(before + 2);
    std::optional<mp::SharedMemory> here;
    if (has_it_here) here = pickle::loads<mp::SharedMemory>(sent);
    for (const pid_t child : {maker, other}) {
      ::kill(child, SIGKILL);
      CHECK(WIFSIGNALED(support::wait_status(child)));
    }
    if (here) {
      CHECK(here->bytes()[999] == std::byte{9});
      CHECK(pickle::loads<mp::SharedMemory>(pickle::dumps(*here)) == *here);
    } else {
      CHECK_THROWS_AS(pickle::loads<mp::SharedMemory>(sent), pickle::UnpicklingError);
    }
  }
}
