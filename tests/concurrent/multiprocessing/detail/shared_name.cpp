// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/shared_name.hpp>

#include <concurrent/multiprocessing/shared_memory.hpp>
#include <concurrent/pickle/dumps.hpp>

#include "support/forbid_calls.hpp"
#include "support/leak_check.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
namespace detail = mp::detail;

namespace {

/// A process that has made shared memory.
struct Maker {
  Maker() {
    pid = support::fork_child([this] {
      const mp::SharedMemory memory(100);
      const auto made = pickle::dumps(memory);
      std::copy(made.begin(), made.end(), message.bytes().begin());
      ready.open();
      end.wait();
      return 0;
    });
    ready.wait();
    pickle::Reader reader(message.bytes());
    name = detail::SharedName::load(reader);
    CHECK(name.pid == pid);
  }
  const mp::SharedMemory message{sizeof(detail::SharedName)};
  const support::Gate ready = support::Gate::make();
  const support::Gate end = support::Gate::make();
  pid_t pid = 0;
  detail::SharedName name;
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: it is found through a pidfd") {
  const Maker maker;
  const detail::SharedName& name = maker.name;
  {
    const detail::Descriptor copy = detail::copy_descriptor(name.pid, name.descriptor);
    if (copy.valid()) {
      CHECK(detail::is_shared_memory(copy.get(), name));
      auto other = name;
      other.id[0] ^= 1;
      CHECK_FALSE(detail::is_shared_memory(copy.get(), other));
    } else {
      CHECK((errno == ENOSYS || errno == EPERM));  // an old kernel, a sandbox
    }
  }
  maker.end.open();
  CHECK(support::wait_status(maker.pid) == 0);
  CHECK_FALSE(detail::copy_descriptor(name.pid, name.descriptor).valid());
}

TEST_CASE_METHOD(support::LeakChecked,
                 "SharedMemory: where descriptors may not be copied, it is found by way of /proc, and missed as well") {
  const Maker maker;
  for (const int error : {EPERM, ENOSYS}) {
    const pid_t child = support::fork_child([&] {
      if (!support::forbid_calls({SYS_pidfd_getfd}, error)) return 0;  // not to be had
      const detail::Descriptor found = detail::open_shared_memory(maker.name);
      if (!found.valid() || !detail::is_shared_memory(found.get(), maker.name)) return 1;
      auto closed = maker.name;
      closed.descriptor = 1000;
      try {
        static_cast<void>(detail::open_shared_memory(closed));
      } catch (const pickle::UnpicklingError& refused) {
        return std::string(refused.what()).find("has ended, has let go of it, or runs on another") != std::string::npos
                   ? 0
                   : 2;
      }
      return 3;
    });
    CHECK(support::wait_status(child) == 0);
  }
  maker.end.open();
  CHECK(support::wait_status(maker.pid) == 0);
}

TEST_CASE("SharedMemory: a name of no process is refused before anybody is asked") {
  detail::SharedName name;
  name.id = {1, 2};
  name.size = 5;
  CHECK_THROWS_AS(detail::open_shared_memory(name), pickle::UnpicklingError);
  name.pid = ::getpid();
  CHECK_THROWS_AS(detail::open_shared_memory(name), pickle::UnpicklingError);
}

TEST_CASE_METHOD(support::LeakChecked, "SharedMemory: a file that its maker could still cut short is none") {
  detail::SharedName name;
  name.id = {1, 2};
  name.size = 100;
  name.pid = ::getpid();
  detail::SharedTrailer trailer;
  trailer.id = name.id;
  trailer.size = name.size;
  const detail::Descriptor file = detail::make_memfd(detail::shared_memory_file);
  name.descriptor = file.get();
  REQUIRE(::pwrite(file.get(), &trailer, sizeof trailer, 128) == sizeof trailer);
  CHECK_FALSE(detail::is_shared_memory(file.get(), name));
  CHECK_THROWS_AS(detail::open_shared_memory(name), pickle::UnpicklingError);
  REQUIRE(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
  CHECK(detail::is_shared_memory(file.get(), name));
  CHECK(detail::open_shared_memory(name).valid());
}
