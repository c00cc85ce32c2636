// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/os/pages.hpp>
#include <concurrent/os/process.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// ThreadSanitizer keeps shadows of what is mapped.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool has_small_regions = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool has_small_regions = true;
#else
inline constexpr bool has_small_regions = false;
#endif
#else
inline constexpr bool has_small_regions = false;
#endif

inline constexpr const char* segment_file = "concurrent_futures";

/// The memory that a pool's processes share: one anonymous file, sealed so that nobody can cut it short, mapped once.
/// Room for payloads is reserved generously; in each process only what is used of it can be touched.
class Segment {
 public:
  Segment() noexcept = default;

  /// Makes a segment. Where there is no address space for more than the first workers, it has slots for these alone.
  /// Throws std::system_error when the system has no room for its control words.
  static Segment create(SegmentGeometry geometry) {
    Segment segment;
    segment.descriptor_ = make_memfd(segment_file);
    if (geometry.first_workers == 0) geometry.first_workers = geometry.workers;
    if (geometry.first_records == 0) geometry.first_records = geometry.records;
    std::uint64_t region = default_region_size(geometry.first_workers);
    const std::uint64_t left = left_of_limit();
    for (;;) {  // where address space is limited, with smaller regions
      lay_out(geometry, region);
      if (geometry.size <= share_of(left, region) && segment.map(geometry)) break;
      if (geometry.workers > geometry.first_workers) {
        geometry.workers = geometry.first_workers;
        continue;
      }
      if (region <= smallest_region) throw_errno(errno, "mmap of the shared segment");
      region /= 2;
    }
    if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.fallocate"); error != 0)
      throw_errno(error, "fallocate of the shared segment");
    const ControlRanges ranges = segment.control_ranges(geometry.first_workers, geometry.first_records);
    for (const Range& range : ranges.parts) {
      while (!os::allocate_part(segment.descriptor_.get(), range.first, range.last - range.first)) {
        if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM) break;  // pages come as they are touched
        if (errno != EINTR) throw_errno(errno, "fallocate of the shared segment");
      }
    }
    os::seal_size(segment.descriptor_.get());
    os::keep_from_dumps(segment.base_, geometry.size);
    segment.header().geometry = geometry;
    return segment;
  }

  /// Maps the segment of another process from its descriptor. Throws std::runtime_error when it is none of ours.
  static Segment attach(Descriptor descriptor) {
    Segment segment;
    segment.descriptor_ = std::move(descriptor);
    SegmentGeometry geometry;
    if (::pread(segment.descriptor_.get(), &geometry, sizeof geometry, 0) != static_cast<ssize_t>(sizeof geometry) ||
        geometry.magic != segment_magic || geometry.version != layout_version) {
      throw std::runtime_error(
          "concurrent::multiprocessing: the shared segment has another layout. Build the program and its workers "
          "with one version of the library.");
    }
    if (!segment.map_existing(geometry)) throw_errno(errno, "mmap of the shared segment");
    return segment;
  }

  Segment(Segment&& other) noexcept
      : descriptor_(std::move(other.descriptor_)),
        base_(std::exchange(other.base_, nullptr)),
        geometry_(other.geometry_),
        accessible_(std::move(other.accessible_)) {}
  Segment& operator=(Segment&& other) noexcept {
    if (this != &other) {
      unmap();
      descriptor_ = std::move(other.descriptor_);
      base_ = std::exchange(other.base_, nullptr);
      geometry_ = other.geometry_;
      accessible_ = std::move(other.accessible_);
    }
    return *this;
  }
  ~Segment() { unmap(); }

  bool valid() const noexcept { return base_ != nullptr; }
  int descriptor() const noexcept { return descriptor_.get(); }
  void close_descriptor() noexcept { descriptor_.reset(); }
  std::byte* base() const noexcept { return base_; }
  const SegmentGeometry& geometry() const noexcept { return geometry_; }
  /// For the caller, before a worker starts: what a fresh image must know.
  void set_initializer(std::uint64_t offset, std::uint64_t size) noexcept {
    header().geometry.initializer_offset = geometry_.initializer_offset = offset;
    header().geometry.initializer_size = geometry_.initializer_size = size;
  }
  void set_finalizer(std::uint64_t offset, std::uint64_t size) noexcept {
    header().geometry.finalizer_offset = geometry_.finalizer_offset = offset;
    header().geometry.finalizer_size = geometry_.finalizer_size = size;
  }

  SegmentHeader& header() const noexcept { return *at<SegmentHeader>(0); }
  CallQueue& queue() const noexcept { return header().queue; }
  CallerWords& caller() const noexcept { return header().caller; }
  WorkerEntry& worker(std::uint32_t index) const noexcept { return at<WorkerEntry>(geometry_.worker_entries)[index]; }
  Shared<std::uint64_t>& sleepers(std::uint32_t word) const noexcept {
    return at<Shared<std::uint64_t>>(geometry_.sleepers)[word];
  }
  static constexpr std::uint32_t sleeper_words(std::uint32_t workers) noexcept { return (workers + 63) / 64; }
  Shared<std::uint64_t>& queue_entry(std::uint64_t position) const noexcept {
    return at<Shared<std::uint64_t>>(geometry_.queue_entries)[position % geometry_.queue_capacity];
  }
  CallRecord& record(std::uint32_t index) const noexcept { return at<CallRecord>(geometry_.call_records)[index]; }
  ResultEntry& result(std::uint32_t worker, std::uint64_t position) const noexcept {
    return at<ResultEntry>(
        geometry_.result_rings)[std::uint64_t{worker} * geometry_.ring_capacity + position % geometry_.ring_capacity];
  }
  std::span<std::byte> caller_region() const noexcept {
    return {base_ + geometry_.caller_region, geometry_.caller_region_size};
  }
  std::span<std::byte> worker_region(std::uint32_t index) const noexcept {
    if (index < geometry_.first_workers)
      return {base_ + geometry_.worker_regions + std::uint64_t{index} * geometry_.worker_region_size,
              geometry_.worker_region_size};
    return {
        base_ + geometry_.more_regions + std::uint64_t{index - geometry_.first_workers} * geometry_.more_region_size,
        geometry_.more_region_size};
  }
  /// Asks for the memory of that many slots and records, when the first are not enough any more. Throws
  /// std::system_error when the system has none; nothing has happened then.
  void grow(std::uint32_t workers, std::uint32_t records) const {
    int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.grow");
    const ControlRanges ranges = control_ranges(workers, records);
    for (const Range& range : ranges.parts) {
      const std::uint64_t first = range.first / largest_page * largest_page;
      if (error == 0 && !os::populate(base_ + first, range.last - first)) error = errno == EFAULT ? ENOMEM : errno;
    }
    if (error != 0) throw_errno(error, "allocation of shared memory for more workers");
  }
  /// Before this process looks at a block of another's: it may be the first that lies there. False: it does not lie in
  /// that region, or the system refuses.
  bool reach_caller_block(std::uint64_t offset, std::uint64_t size) noexcept {
    return reach(geometry_.workers, caller_region(), offset, size);
  }
  bool reach_worker_block(std::uint32_t index, std::uint64_t offset, std::uint64_t size) noexcept {
    return reach(index, worker_region(index), offset, size);
  }
  std::uint64_t offset_of(const void* address) const noexcept {
    return static_cast<std::uint64_t>(static_cast<const std::byte*>(address) - base_);
  }

 private:
  static constexpr std::uint64_t smallest_region = std::uint64_t{1} << 20;

  struct Range {
    std::uint64_t first;
    std::uint64_t last;
  };
  struct ControlRanges {
    Range parts[3];
  };
  /// Where the words of that many slots and records lie.
  ControlRanges control_ranges(std::uint32_t workers, std::uint32_t records) const noexcept {
    const std::uint64_t results = std::uint64_t{workers} * geometry_.ring_capacity;
    return {{{0, geometry_.worker_entries + workers * sizeof(WorkerEntry)},
             {geometry_.call_records, geometry_.call_records + records * sizeof(CallRecord)},
             {geometry_.result_rings, geometry_.result_rings + results * sizeof(ResultEntry)}}};
  }

  template <class T>
  T* at(std::uint64_t offset) const noexcept {
    return reinterpret_cast<T*>(base_ + offset);
  }

  bool reach(std::uint32_t index, std::span<std::byte> region, std::uint64_t offset, std::uint64_t size) noexcept {
    const std::uint64_t first = offset_of(region.data());
    return offset >= first && offset - first <= region.size() && size <= region.size() - (offset - first) &&
           accessible_[index].reach(region, offset - first + size);
  }

  /// How much the program may still map (ulimit -v).
  static std::uint64_t left_of_limit() noexcept {
    rlimit limit{};
    const bool limited = ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    if (!limited) return ~std::uint64_t{0};
    const std::uint64_t mapped = os::mapped_bytes();
    return mapped < limit.rlim_cur ? limit.rlim_cur - mapped : 0;
  }
  /// What a segment with such regions may take of it: a quarter, for the rest is the program's; more where payloads
  /// would have hardly any room.
  static std::uint64_t share_of(std::uint64_t left, std::uint64_t region) noexcept {
    if (region > std::uint64_t{16} << 20) return left / 4;
    return region > std::uint64_t{4} << 20 ? left / 4 * 3 : ~std::uint64_t{0};
  }
  /// As much as the machine has memory, for each side; less where very many workers share the address space.
  static std::uint64_t default_region_size(std::uint32_t workers) noexcept {
    constexpr std::uint64_t most = std::uint64_t{1} << (has_small_regions ? 30 : 38);
    const std::uint64_t memory = os::machine_memory();
    std::uint64_t size = std::uint64_t{1} << 30;
    while (size < memory && size < most) size *= 2;
    while (size > smallest_region && size * (workers + 1) > (std::uint64_t{1} << 44)) size /= 2;
    return size;
  }
  /// Of the workers that only a pool that has grown has: as much, but in all no more than a terabyte or what the first
  /// have, so that a program can still have many small pools.
  static std::uint64_t more_region_size(const SegmentGeometry& geometry, std::uint64_t region) noexcept {
    const std::uint64_t workers = geometry.workers - geometry.first_workers;
    const std::uint64_t most =
        (std::max)(std::uint64_t{1} << (has_small_regions ? 32 : 40), region * geometry.first_workers);
    while (region > smallest_region && region * workers > most) region /= 2;
    return region;
  }

  static void lay_out(SegmentGeometry& geometry, std::uint64_t region) noexcept {
    std::uint64_t end = sizeof(SegmentHeader);
    const auto next = [&end](std::uint64_t size, std::uint64_t alignment) {
      const std::uint64_t offset = (end + alignment - 1) / alignment * alignment;
      end = offset + size;
      return offset;
    };
    geometry.sleepers = next(sleeper_words(geometry.workers) * sizeof(std::uint64_t), cache_line);
    geometry.queue_entries = next(geometry.queue_capacity * sizeof(std::uint64_t), cache_line);
    geometry.worker_entries = next(geometry.workers * sizeof(WorkerEntry), cache_line);
    geometry.call_records = next(std::uint64_t{geometry.records} * sizeof(CallRecord), largest_page);
    geometry.result_rings =
        next(std::uint64_t{geometry.workers} * geometry.ring_capacity * sizeof(ResultEntry), largest_page);
    geometry.caller_region_size = geometry.worker_region_size = region;
    geometry.caller_region = next(region, largest_page);
    geometry.worker_regions = next(region * geometry.first_workers, largest_page);
    geometry.more_region_size = more_region_size(geometry, region);
    geometry.more_regions = next(geometry.more_region_size * (geometry.workers - geometry.first_workers), largest_page);
    geometry.size = end;
  }

  bool map(const SegmentGeometry& geometry) {
    if (const int error = CONCURRENT_FUTURES_FAULT_ERROR("caller.mmap"); error != 0) {
      errno = error;
      return false;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && geometry.size > limit.rlim_cur) {
      errno = EFBIG;  // the attempt would be answered with SIGXFSZ
      return false;
    }
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(geometry.size)) != 0) return false;
    return map_existing(geometry);
  }
  bool map_existing(const SegmentGeometry& geometry) {
    void* address = os::reserve_shared(descriptor_.get(), geometry.size);
    if (address == MAP_FAILED) return false;
    if (::mprotect(address, geometry.caller_region, PROT_READ | PROT_WRITE) != 0) {
      const int error = errno;
      ::munmap(address, geometry.size);
      errno = error;
      return false;
    }
    base_ = static_cast<std::byte*>(address);
    geometry_ = geometry;
    accessible_ = pickle::detail::UniqueArray<AccessiblePart>(geometry.workers + std::size_t{1});
    return true;
  }
  void unmap() noexcept {
    if (base_ != nullptr) ::munmap(std::exchange(base_, nullptr), geometry_.size);
  }

  Descriptor descriptor_;
  std::byte* base_ = nullptr;
  SegmentGeometry geometry_;
  pickle::detail::UniqueArray<AccessiblePart> accessible_;  // of each worker's region, then of the caller's
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
