// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/segment.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"

namespace ipc = concurrent::multiprocessing::detail;

namespace {

ipc::SegmentGeometry geometry_for(std::uint32_t workers) {
  ipc::SegmentGeometry geometry;
  geometry.workers = workers;
  geometry.queue_capacity = workers + 1;
  geometry.ring_capacity = 8;
  geometry.records = geometry.queue_capacity + workers * 9;
  return geometry;
}

}  // namespace

TEST_CASE("Segment: its parts lie one after the other, aligned, within the file") {
  const std::uint32_t workers = GENERATE(1U, 2U, 64U, 65U, 1000U);
  const ipc::Segment segment = ipc::Segment::create(geometry_for(workers));
  const ipc::SegmentGeometry& places = segment.geometry();
  const std::uint64_t parts[] = {
      sizeof(ipc::SegmentHeader), places.sleepers,     places.queue_entries, places.worker_entries,
      places.call_records,        places.result_rings, places.caller_region, places.worker_regions,
      places.more_regions,        places.size};
  for (std::size_t i = 1; i < std::size(parts); ++i) CHECK(parts[i] >= parts[i - 1]);
  for (const std::uint64_t part : parts) CHECK(part % ipc::cache_line == 0);
  for (const std::uint64_t part : {places.call_records, places.result_rings, places.caller_region,
                                   places.caller_region_size, places.worker_regions, places.worker_region_size})
    CHECK(part % ipc::largest_page == 0);
  CHECK(segment.offset_of(&segment.queue_entry(places.queue_capacity - 1) + 1) <= places.worker_entries);
  CHECK(segment.offset_of(&segment.worker(workers - 1) + 1) <= places.call_records);
  CHECK(segment.offset_of(&segment.record(places.records - 1) + 1) <= places.result_rings);
  CHECK(segment.offset_of(&segment.result(workers - 1, places.ring_capacity - 1) + 1) <= places.caller_region);
  CHECK(segment.offset_of(segment.worker_region(workers - 1).data()) + places.worker_region_size <= places.size);
  CHECK(segment.caller_region().data() + segment.caller_region().size() <= segment.worker_region(0).data());
}

TEST_CASE("Segment.grow: laid out for the most, with memory for the first, and more when it is asked for") {
  const support::LeakCheck leaks;
  const auto kibibytes = [](const ipc::Segment& segment) {
    struct stat state{};
    REQUIRE(::fstat(segment.descriptor(), &state) == 0);
    return state.st_blocks / 2;
  };
  const auto small = kibibytes(ipc::Segment::create(geometry_for(2)));
  const auto large = kibibytes(ipc::Segment::create(geometry_for(300)));
  REQUIRE(small < large);
  ipc::SegmentGeometry geometry = geometry_for(300);
  geometry.first_workers = 2;
  geometry.first_records = geometry_for(2).records;
  ipc::Segment segment = ipc::Segment::create(geometry);
  CHECK(segment.geometry().workers == 300);
  CHECK(kibibytes(segment) <= small + 8);  // the call queue is that of the most
  segment.record(geometry.first_records - 1).size = 7;
  segment.grow(150, geometry_for(150).records);
  const auto half = kibibytes(segment);
  CHECK(half > small);
  CHECK(half < large);
  segment.grow(300, geometry.records);
  CHECK(kibibytes(segment) <= large + 8);
  CHECK(segment.record(geometry.first_records - 1).size == 7);  // what was there is there
  segment.worker(299).leave = 1;
  segment.result(299, 3).size = 9;
  for (const std::uint32_t worker : {1U, 2U, 299U}) {
    const std::uint64_t block = segment.offset_of(segment.worker_region(worker).data());
    CHECK(segment.reach_worker_block(worker, block, 4096));
    segment.worker_region(worker)[4095] = std::byte{1};
  }
  CHECK(segment.worker_region(1).data() + segment.worker_region(1).size() <= segment.worker_region(2).data());
  CHECK(segment.offset_of(segment.worker_region(299).data()) + segment.worker_region(299).size() <=
        segment.geometry().size);
  // The first have no less than they would have without the others.
  CHECK(segment.worker_region(1).size() == ipc::Segment::create(geometry_for(2)).worker_region(1).size());
}

TEST_CASE("Segment.attach: another mapping of the same file shows the same words") {
  const support::LeakCheck leaks;
  ipc::Segment made = ipc::Segment::create(geometry_for(3));
  ipc::Segment attached = ipc::Segment::attach(ipc::Descriptor(::dup(made.descriptor())));
  CHECK(attached.base() != made.base());
  CHECK(attached.geometry().workers == 3);
  made.worker(2).leave = 7;
  CHECK(attached.worker(2).leave.load() == 7);
  const std::uint64_t block = made.offset_of(made.worker_region(1).data());
  REQUIRE((attached.reach_worker_block(1, block, 200) && made.reach_worker_block(1, block, 200)));
  attached.worker_region(1)[100] = std::byte{42};
  CHECK(std::to_integer<int>(made.worker_region(1)[100]) == 42);
}

TEST_CASE("Segment.attach: a file that is no segment is refused, and says what may be the reason") {
  const support::LeakCheck leaks;
  ipc::Descriptor empty = ipc::make_memfd("other");
  CHECK_THROWS_AS(ipc::Segment::attach(ipc::Descriptor(::dup(empty.get()))), std::runtime_error);
  const std::vector<char> zeros(8192);
  REQUIRE(::write(empty.get(), zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size()));
  const std::string text =
      support::message_of<std::runtime_error>([&] { (void)ipc::Segment::attach(ipc::Descriptor(::dup(empty.get()))); });
  CHECK(support::contains(text, "has another layout"));
}

TEST_CASE("fault 50: nobody can cut the segment short, make it longer, or take its seals away") {
  const ipc::Segment segment = ipc::Segment::create(geometry_for(2));
  const auto size = static_cast<off_t>(segment.geometry().size);
  CHECK(::ftruncate(segment.descriptor(), 4096) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(segment.descriptor(), size * 2) == -1);
  CHECK(errno == EPERM);
  CHECK(::fcntl(segment.descriptor(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  CHECK(errno == EPERM);
}

TEST_CASE("fault 38: the segment has no name in a file system, and its descriptor is closed on exec") {
  const auto files = support::names_in("/dev/shm");
  const ipc::Segment segment = ipc::Segment::create(geometry_for(2));
  CHECK(support::names_in("/dev/shm") == files);
  CHECK((::fcntl(segment.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("Segment: who has all memory held in place pays for what is used alone") {
  const auto held = [] {
    const std::string text = support::status_field("self", "RssShmem");
    return std::strtol(text.c_str(), nullptr, 10);
  };
  const auto [workers, most] = GENERATE(table<std::uint32_t, long>({{2, 512}, {64, 4096}}));  // KiB
  const int how = workers == 2 ? MCL_CURRENT | MCL_FUTURE : MCL_CURRENT;
  CAPTURE(workers);
  const std::uint32_t count = workers;  // structured bindings cannot be captured by every compiler
  const long limit = most;
  const pid_t child = support::fork_child([&how, &held, count, limit] {
    if (::mlockall(how) != 0) return 77;
    const long before = held();
    ipc::Segment segment = ipc::Segment::create(geometry_for(count));
    if (how == MCL_CURRENT && ::mlockall(how) != 0) return 77;
    if (held() > before + limit) return 1;
    if (!segment.reach_worker_block(1, segment.offset_of(segment.worker_region(1).data()), 100)) return 2;
    segment.worker_region(1)[99] = std::byte{1};
    return held() > before + limit + 2048 ? 3 : 0;
  });
  const int status = support::wait_status(child);
  // Without the right to do so a process may hold a little only, and a sanitizer does not let it at all.
  if (support::slowness == 1) CHECK((status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 77)));
}

TEST_CASE("Segment: a block that does not lie in the region it should be in is not looked at") {
  ipc::Segment segment = ipc::Segment::create(geometry_for(2));
  const std::uint64_t first = segment.offset_of(segment.worker_region(1).data());
  const std::uint64_t size = segment.worker_region(1).size();
  CHECK(segment.reach_worker_block(1, first, 0));
  CHECK(segment.reach_worker_block(1, first + 64, 100));
  CHECK_FALSE(segment.reach_worker_block(1, first - 64, 100));
  CHECK_FALSE(segment.reach_worker_block(1, first + size - 64, 100));
  CHECK_FALSE(segment.reach_worker_block(1, first + 64, ~std::uint64_t{0}));
  CHECK_FALSE(segment.reach_worker_block(1, ~std::uint64_t{0}, 64));
  CHECK_FALSE(segment.reach_caller_block(64, 64));
  CHECK_FALSE(segment.reach_caller_block(first, 64));
}

TEST_CASE("Segment: where address space is limited it does with less room for payloads") {
  const pid_t child = support::fork_child([] {
    const rlimit limit{std::uint64_t{6} << 30, std::uint64_t{6} << 30};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    ipc::Segment segment = ipc::Segment::create(geometry_for(2));
    const auto region = segment.worker_region(1);
    if (!segment.reach_worker_block(1, segment.offset_of(region.data()), region.size())) return 3;
    region.back() = std::byte{1};
    return segment.geometry().size <= (std::uint64_t{6} << 28) ? 0 : 2;  // a quarter: the program needs some, too
  });
  const int status = support::wait_status(child);
  if (support::slowness == 1) CHECK(status == 0);  // a sanitizer's shadow memory is larger than any limit
}

TEST_CASE("fault 36, fault 37: a refused descriptor or mapping is an error that names the call, and leaks nothing") {
  const pid_t child = support::fork_child([] {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
    if (support::sanitizer_needs_descriptors) return 0;
    try {
      (void)ipc::Segment::create(geometry_for(2));
      return 2;
    } catch (const std::system_error& error) {
      const bool good = error.code().value() == EMFILE && support::contains(error.what(), "memfd_create") &&
                        support::contains(error.what(), "ulimit -n");
      return good ? 0 : 3;
    }
  });
  CHECK(support::wait_status(child) == 0);
}

TEST_CASE("Segment: what moves away leaves nothing behind, and a move onto another lets that one go") {
  const support::LeakCheck leaks;
  ipc::Segment first = ipc::Segment::create(geometry_for(1));
  ipc::Segment second = std::move(first);
  CHECK_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): what it is then is what is tested
  CHECK(second.valid());
  second = ipc::Segment::create(geometry_for(2));
  CHECK(second.geometry().workers == 2);
}
