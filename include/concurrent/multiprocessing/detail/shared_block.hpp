// SPDX-License-Identifier: BSL-1.0
// Small pieces of shared memory. A mapping and a descriptor for each flag would end at a thousand flags, so many share
// one: an arena is a SharedMapping of blocks of one size, which the process that made it hands out.
//
// Who owns what: a block's first two words (BlockHeader) are written by the process that made the arena; what stands
// behind them is the user's. Which blocks are free is known to that process alone, outside of shared memory, so a death
// elsewhere changes nothing. A forked child makes arenas of its own.
//
// A block is handed out again only if no other process can know of it: when it was never sent, and no fork has copied a
// handle to it. The others rest until their arena has no handle left anywhere, which gives all of it back.
#pragma once

#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/shared_mapping.hpp>
#include <concurrent/os/pages.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// How often this process and those before it have been forked: another number in the child.
inline std::atomic<std::uint32_t>& forks_so_far() noexcept {
  static std::atomic<std::uint32_t>* const count = [] {
    static constinit std::atomic<std::uint32_t> forks{0};
    // In the parent too: what it has then, a child has a copy of.
    ::pthread_atfork(
        nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); },
        [] { forks.fetch_add(1U << 16U, std::memory_order_relaxed); });
    return &forks;
  }();
  return *count;
}

struct BlockHeader {
  static constexpr std::uint32_t expected_magic = 0x6b6c6263;  // "cblk"
  std::atomic<std::uint32_t> magic;                            // 0 when the process that made it has let go of it
  std::uint32_t size;                                          // bytes that were asked for
  std::int32_t maker;
  std::uint32_t reserved;
};
static_assert(sizeof(BlockHeader) == 16);

/// A mapping in blocks of one size.
struct SharedArena {
  std::shared_ptr<SharedMapping> mapping;
  std::uint32_t block_size = 0;
  std::uint32_t blocks = 0;
  std::uint32_t never_used = 0;      // blocks from this one on
  std::vector<std::uint32_t> again;  // that may be handed out again
};

/// A block that this process has handles to.
class SmallBlock {
 public:
  SmallBlock(std::shared_ptr<SharedArena> arena, std::shared_ptr<SharedMapping> mapping, std::uint64_t offset) noexcept
      : arena_(std::move(arena)), mapping_(std::move(mapping)), offset_(offset), forks_(forks_so_far().load()) {}
  SmallBlock(const SmallBlock&) = delete;
  SmallBlock& operator=(const SmallBlock&) = delete;
  ~SmallBlock();

  BlockHeader& header() const noexcept {
    return *std::launder(reinterpret_cast<BlockHeader*>(mapping_->data() + offset_));
  }
  std::span<std::byte> bytes() const noexcept {
    return {mapping_->data() + offset_ + sizeof(BlockHeader), header().size};
  }
  SharedName name() const noexcept {
    sent_.store(true, std::memory_order_relaxed);
    return mapping_->name();
  }
  std::uint64_t offset() const noexcept { return offset_; }
  const SharedMapping* mapping() const noexcept { return mapping_.get(); }

 private:
  std::shared_ptr<SharedArena> arena_;  // where the block comes from; null: from another process
  std::shared_ptr<SharedMapping> mapping_;
  std::uint64_t offset_;
  std::uint32_t forks_;
  mutable std::atomic<bool> sent_{false};
};

/// The arenas that this process hands out blocks of.
class SharedArenas {
 public:
  static constexpr std::size_t largest = 2048 - sizeof(BlockHeader);
  /// Of what lies untouched for the most part, and so takes no memory there.
  static constexpr std::size_t largest_sparse = 65536 - sizeof(BlockHeader);
  static constexpr std::size_t alignment = 16;

  static SharedArenas& instance() {
    static SharedArenas* const arenas = new SharedArenas;  // never destroyed: handles may be globals
    return *arenas;
  }

  /// A block of `size` zeros, at most `largest_sparse`. Throws: std::system_error.
  std::shared_ptr<SmallBlock> make(std::size_t size) {
    const MutexLock lock(mutex_);
    if (forks_ != forks_so_far().load(std::memory_order_relaxed) >> 16U) forget();
    const std::size_t block = std::bit_ceil((std::max<std::size_t>)(size + sizeof(BlockHeader), smallest_block));
    Kind& kind = kinds_[static_cast<std::size_t>(std::countr_zero(block)) - 6];
    std::shared_ptr<SharedArena> arena = kind.arena.lock();
    if (!arena || (arena->again.empty() && arena->never_used == arena->blocks)) {
      // Each larger than the one before, so that a few are enough for any number of blocks.
      kind.next_blocks = arena ? (std::min)(2 * kind.next_blocks, most_bytes / static_cast<std::uint32_t>(block))
                               : (std::max)(first_bytes / static_cast<std::uint32_t>(block), least_blocks);
      arena = std::make_shared<SharedArena>();
      arena->mapping = SharedMapping::create(std::uint64_t(kind.next_blocks) * block);
      arena->block_size = static_cast<std::uint32_t>(block);
      arena->blocks = kind.next_blocks;
      arena->again.reserve(kind.next_blocks);  // so that giving one back never fails
      kind.arena = arena;
    }
    const bool again = !arena->again.empty();
    const std::uint32_t number = again ? arena->again.back() : arena->never_used;
    const std::uint64_t offset = std::uint64_t(number) * block;
    if (again) clear(arena->mapping->data() + offset, block);
    auto made = std::make_shared<SmallBlock>(arena, arena->mapping, offset);
    if (again)
      arena->again.pop_back();
    else
      ++arena->never_used;
    made->header().size = static_cast<std::uint32_t>(size);
    made->header().maker = ::getpid();
    made->header().magic.store(BlockHeader::expected_magic, std::memory_order_release);
    return made;
  }

  /// Unless there was a fork since: asked with the lock that is held over forks, for one may have begun meanwhile.
  void give_back(SharedArena& arena, std::uint64_t offset, std::uint32_t forks) noexcept {
    const MutexLock lock(mutex_);
    if (forks != forks_so_far().load(std::memory_order_relaxed)) return;
    arena.again.push_back(static_cast<std::uint32_t>(offset / arena.block_size));
  }

 private:
  static constexpr std::size_t smallest_block = 64;
  static constexpr std::uint32_t first_bytes = 16 * 1024;
  static constexpr std::uint32_t least_blocks = 4;
  static constexpr std::uint32_t most_bytes = 16 * 1024 * 1024;
  struct Kind {
    std::weak_ptr<SharedArena> arena;  // the newest
    std::uint32_t next_blocks = 0;
  };

  SharedArenas() {
    static_cast<void>(forks_so_far());
    // A new arena is noted among the mappings under this lock, so a fork takes this one first, too: what was registered
    // last is called first.
    static_cast<void>(SharedMappings::instance());
    // Held over every fork, so that the child finds it free and the lists whole.
    ::pthread_atfork([]() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.lock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.unlock(); },
                     []() CONCURRENT_FUTURES_UNCHECKED_LOCKS { instance().mutex_.unlock(); });
  }
  static void clear(std::byte* block, std::size_t size) noexcept {
    if (size > largest && os::is_whole_pages(block, size) && os::give_back(block, size)) return;
    std::memset(block, 0, size);
  }
  /// In a forked child: the parent's arenas are the parent's.
  void forget() noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    for (Kind& kind : kinds_) kind = Kind{};
    forks_ = forks_so_far().load(std::memory_order_relaxed) >> 16U;
  }

  Mutex mutex_;
  std::array<Kind, 11> kinds_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);  // of 64, 128, … 65536 bytes
  std::uint32_t forks_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = forks_so_far().load() >> 16U;
};

inline SmallBlock::~SmallBlock() {
  if (!arena_) return;
  const std::uint32_t forks = forks_so_far().load(std::memory_order_relaxed);
  if (forks >> 16U != forks_ >> 16U) return;  // a forked child's copy: the parent has it still
  header().magic.store(0, std::memory_order_release);
  if (!sent_.load(std::memory_order_relaxed)) SharedArenas::instance().give_back(*arena_, offset_, forks_);
}

/// Whether the greater part of some memory is touched only in rare cases.
enum class Touched : bool { all, sparsely };

/// Memory of a size that is told when it is made: a block if it takes little, a mapping of its own otherwise. A handle,
/// as SharedMemory.
class SharedBlock {
 public:
  SharedBlock() noexcept = default;
  /// Throws: std::system_error.
  explicit SharedBlock(std::size_t size, std::size_t alignment = 1, Touched touched = Touched::all) {
    const std::size_t most = touched == Touched::sparsely ? SharedArenas::largest_sparse : SharedArenas::largest;
    if (size <= most && alignment <= SharedArenas::alignment)
      block_ = SharedArenas::instance().make(size);
    else
      mapping_ = SharedMapping::create(size);
  }

  std::span<std::byte> bytes() const noexcept {
    if (block_) return block_->bytes();
    return mapping_ ? std::span(mapping_->data(), mapping_->size()) : std::span<std::byte>();
  }
  std::size_t size() const noexcept { return bytes().size(); }

  friend bool operator==(const SharedBlock& a, const SharedBlock& b) noexcept { return a.place() == b.place(); }

  void dump(pickle::Writer& writer) const {
    if (block_) writer.keep(block_);
    if (mapping_) writer.keep(mapping_);
    (block_ ? block_->name() : mapping_ ? mapping_->name() : SharedName()).dump(writer);
    writer.put(block_ ? block_->offset() : no_block);
  }
  /// Throws: UnpicklingError when the process that sent it has ended or has let go of it; std::system_error.
  static SharedBlock load(pickle::Reader& reader) {
    SharedBlock loaded;
    const SharedName name = SharedName::load(reader);
    const auto offset = reader.get_once<std::uint64_t>();
    if (name.size == 0) return loaded;
    std::shared_ptr<SharedMapping> mapping = SharedMapping::open(name);
    if (offset == no_block) {
      loaded.mapping_ = std::move(mapping);
      return loaded;
    }
    if (offset % 64 != 0 || offset > mapping->size() || mapping->size() - offset < sizeof(BlockHeader))
      reader.refuse("there is no shared memory at " + std::to_string(offset));
    auto block = std::make_shared<SmallBlock>(nullptr, std::move(mapping), offset);
    const BlockHeader& header = block->header();
    const bool there = header.magic.load(std::memory_order_acquire) == BlockHeader::expected_magic;
    if (header.size == 0 || header.size > block->mapping()->size() - offset - sizeof(BlockHeader) ||
        (!there && header.maker == name.pid)) {
      refuse_shared(name,
                    "has let go of it. Keep the object where it was made until the tasks that were given it are done.");
    }
    loaded.block_ = std::move(block);
    return loaded;
  }

 private:
  static constexpr std::uint64_t no_block = ~std::uint64_t(0);

  const std::byte* place() const noexcept { return bytes().data(); }

  std::shared_ptr<SmallBlock> block_;
  std::shared_ptr<SharedMapping> mapping_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
