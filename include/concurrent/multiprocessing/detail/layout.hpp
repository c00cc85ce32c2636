// SPDX-License-Identifier: BSL-1.0
// What lies in the memory that the caller and its workers share, and who may write which word when.
//
//  header │ call queue │ worker entries │ call records │ result rings │ caller's blocks │ blocks of worker 0 … n-1
//
// Of entries, records and rings there are as many as a pool can grow to, and memory for as many as it has been: each is
// an array of which the first part is enough.
//
// The caller's process alone decides outcomes; everything here may be half-finished when a worker is killed, and
// any word may hold garbage once a rogue task has written here. So the caller keeps its own account (tail, head, which
// record belongs to which work item, how much of each ring is consumed) in private memory and only compares it with
// this.
//
// The words, their writers, and what happens when the writer dies
//
//  CallRecord::state      (ticket, owner, stage) in one word, changed by compare-and-swap only, but by the caller while
//                         nobody else may change it (free, cancelled; a call whose worker is dead):
//                           free ─caller─► ready ─worker─► claimed ─worker─► started ─caller─► free
//                                            │               │
//                                            └───────────────┴──caller──► cancelled ─caller─► free, or ready again
//                         "ready" is the hand-over: before it the record is the caller's, after a claim it is that
//                         worker's until the caller has seen the result or the death. Until the call has begun, and no
//                         longer, the caller may take it back: the step to "started" and the step to "cancelled" start
//                         from the same word, so one of the two happens. A worker whose step fails has lost the call,
//                         touches nothing of it (what it has read of the record may be another call's by then) and
//                         looks for another. No ticket is given twice. A worker that dies
//                           · before its first compare-and-swap: the record is still ready, another worker takes it;
//                           · claimed: its function was not entered; the caller puts the call back;
//                           · claimed, and the call was taken back: it had nothing;
//                           · started: the death is charged to this call.
//  CallRecord::started_at its worker, where the flags ask for them, and before the words that publish them:
//  CallRecord::ended_at   `started_at` before the stage becomes started, `ended_at` before the result's `commit`. The
//                         caller reads them until it frees the record: `started_at` where it finds the stage started,
//                         `ended_at` where there is a result. So of a worker that dies in between, the caller takes the
//                         time of its death. Nothing but the trace is made of them: no checksum holds them, and the
//                         trace is content with any value, also that of a worker from which the call was taken back.
//  CallRecord::flags      caller only. The one part of a record that its worker reads before the step to "started": if
//                         that fails, it was maybe another call's, or just being written.
//  CallRecord::stop       caller only, and only while the record is that call's: 0 when the call is handed over,
//                         also once more, stop_number(its ticket) once somebody has asked it to stop. A worker compares
//                         it with the number of the call that it runs, and keeps none of it: so whether the call ends,
//                         is taken back or tried again, and whoever has the record or the worker after it, nobody else
//                         is told, not even by a token that has outlived its call.
//  WorkerEntry::leave     caller only; never taken back. From then on the worker begins no call: it looks at this word
//                         after it has claimed a call and before it begins it, and ends. To end one task the caller
//                         sets it, and only then looks for the task's result in the ring (both seq_cst, as the
//                         worker's `commit` and its look at `leave` are). It is not there: then the worker will see the
//                         word before it begins anything else, and a signal can hit this task, a call that has not
//                         begun (which is put back), or nothing. It is there: no signal is sent; the worker leaves
//                         after the call that it may have begun meanwhile. `WorkerSlot::leaving` notes in the caller's
//                         own memory that this end was asked for.
//  CallQueue::entries     caller only. Position p holds (p, record). Written before `tail` is.
//  CallQueue::tail        caller only.
//  CallQueue::head        a hint: the first position that may still be ready. Whoever finds that the record at `head`
//                         is no longer ready moves `head` on by compare-and-swap, so a worker that stops between its
//                         claim and its step holds nobody up. The caller moves it before it reuses a position.
//  ResultEntry            its worker only. `commit` is stored last, with the position + 1: an entry without it is
//                         never read, so a half-written one does not exist for anybody.
//  WorkerEntry::started_at
//                         its worker, before the step to "started": from when a time limit counts. The caller clears it
//                         before a worker starts in the slot. It takes any value: none later than its own clock counts.
//  WorkerEntry::consumed  caller only: how far it has read this ring; the worker may reuse what lies before.
//  WorkerEntry::waits_for_room
//                         its worker only: 1 before it sleeps because its ring is full, and it looks at `consumed` once
//                         more after that; the caller writes `consumed` and then looks at this (all seq_cst). One that
//                         dies asleep leaves 1 behind: its slot is woken in vain until the next worker has slept.
//  Block::busy            1 by its worker before the entry that names it is committed, 0 by the caller once the
//                         result is unpickled. When the worker dies the caller drains its ring, and the next worker
//                         in that slot starts with an empty region.
//  WorkerEntry::status    its worker only (the caller resets it between two workers). A hint for waking: the
//                         caller wakes a sleeper unless enough others are polling, and looks again a little later. When
//                         the worker has ended it says how far that had come. `finishing` and `retired` make a death
//                         expected, but not one with a call that has begun, whatever a rogue one has written here.
//                         One that has claimed a call and then says `finishing` or `retired` was told to leave in
//                         between and never begins it: the caller takes it back (claimed to cancelled, so that a
//                         worker that says so wrongly cannot begin it either). If it dies before it says so, or
//                         before the caller has looked, the call goes back with its death; after that it has none.
//  Sleepers               bit i is set by worker i before it sleeps and cleared by whoever wakes it.
//  WorkerEntry::wake      futex word of worker i: 1 asleep, 0 awake.
//                         Its worker writes 1 before it sets its bit; who tells it something (a call, `leave`,
//                         `stopping`) writes that first and then 0 here. So the worker looks at all of them after its 1
//                         (worker_sleep.hpp); dead before or after that, it has nothing in hand.
//  CallerWords::poller    (count, state). none: no thread of the caller polls. polls: one does, or the manager looks
//                         soon, or is awake and runs callbacks; whoever puts this back to none looks at every ring once
//                         more after that. sleeps: it sleeps on this word; a worker that has a result counts it up, so
//                         that the sleeper cannot miss it, and wakes it. The state is the caller's alone, so a worker
//                         that stops between the two keeps nobody else from waking. If it dies there, the manager takes
//                         its result as it deals with the death, and who waits for that one is woken by its future.
//  CallerWords::manager   likewise for the management thread: odd while it sleeps on this word. It never sleeps long
//                         while a call waits, so a wake-up that died with its sender costs a moment.
#pragma once

#include <concurrent/multiprocessing/detail/call_word.hpp>
#include <concurrent/multiprocessing/detail/message_checksum.hpp>
#include <concurrent/multiprocessing/detail/progress_words.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

// What two processors write to at once lies at least this far apart. A constant, and not what the compiler believes of
// the processor that it is told of (std::hardware_destructive_interference_size): all processes must mean the same.
#if defined(__aarch64__)
inline constexpr std::size_t cache_line = 128;  // Apple's; servers have 64
#else
inline constexpr std::size_t cache_line = 64;
#endif
/// Pages of Linux have 4, 16 or 64 KiB: what begins and ends at a multiple of this is whole pages everywhere.
inline constexpr std::size_t largest_page = std::size_t{64} << 10;
inline constexpr std::uint64_t segment_magic = 0x31307367'73667563ULL;
inline constexpr std::uint32_t layout_version = 9;

template <class Word>
using Shared = std::atomic<Word>;
static_assert(Shared<std::uint64_t>::is_always_lock_free && sizeof(Shared<std::uint64_t>) == 8);
static_assert(Shared<std::uint32_t>::is_always_lock_free && sizeof(Shared<std::uint32_t>) == 4);

/// A call on its way: written by the caller, read by the worker that claims it. What a short one needs stands in its
/// first 64 bytes, which cross to the worker's processor as one.
struct alignas(cache_line) CallRecord {
  static constexpr std::size_t inline_capacity = 448;
  static constexpr std::uint32_t timed = 1;     // the worker notes when it starts
  static constexpr std::uint32_t traced = 2;    // and, for the pool's trace, when it ends
  static constexpr std::uint32_t in_block = 4;  // `bytes` begin with the offset of its block within the segment

  Shared<std::uint64_t> state;
  std::uint64_t size;      // bytes of the pickled call
  std::uint64_t nonce;     // what the result must repeat
  std::uint64_t checksum;  // checksum_of_call
  Shared<std::uint32_t> flags;
  Shared<std::uint32_t> stop;
  std::byte bytes[inline_capacity];
  std::uint64_t reserved;
  Shared<std::uint64_t> started_at;  // monotonic nanoseconds, where the flags ask for it
  Shared<std::uint64_t> ended_at;

  void set_offset(std::uint64_t offset) noexcept { std::memcpy(bytes, &offset, sizeof offset); }
  std::uint64_t offset() const noexcept {
    std::uint64_t offset;
    std::memcpy(&offset, bytes, sizeof offset);
    return offset;
  }
};
static_assert(sizeof(CallRecord) == 512 && offsetof(CallRecord, bytes) == 40);

/// What `stop` says of a call that has been asked to stop: never 0, and no other's among two thousand million.
constexpr std::uint32_t stop_number(std::uint64_t ticket) noexcept {
  return static_cast<std::uint32_t>(ticket) | 0x80000000u;
}

/// What became of a call, as the worker tells it.
enum class Outcome : std::uint32_t { value = 1, exception = 2 };

/// A result on its way back: written by the worker whose ring it is in. A number stands in the first 64 bytes.
struct alignas(cache_line) ResultEntry {
  static constexpr std::size_t inline_capacity = 64;

  Shared<std::uint64_t> commit;  // position + 1, stored last
  std::uint64_t call;            // (ticket, record), as in the call queue
  std::uint64_t nonce;           // the call's
  std::uint64_t size;            // bytes of the pickled result
  std::uint64_t offset;          // of its block within the segment; 0: it lies in `bytes`
  std::uint64_t checksum;        // checksum_of_result
  std::uint32_t outcome;
  std::byte bytes[inline_capacity];
};
static_assert(sizeof(ResultEntry) == 128 && offsetof(ResultEntry, bytes) == 52);

/// Of the header, and of the bytes if they do not lie in a block. Their writer sums what it copied from, their reader
/// what it has copied, never the shared bytes themselves, which may change in between.
inline std::uint64_t checksum_of_call(std::uint64_t size, std::uint64_t offset, std::uint32_t flags,
                                      const std::byte* bytes) noexcept {
  return message_checksum(offset ^ flags, bytes, offset == 0 ? size : 0) ^ size;
}
inline std::uint64_t checksum_of_result(std::uint64_t call, std::uint64_t nonce, std::uint64_t size,
                                        std::uint64_t offset, std::uint32_t outcome, const std::byte* bytes) noexcept {
  return message_checksum(mix_into_checksum(call, nonce) ^ offset ^ outcome, bytes, offset == 0 ? size : 0) ^ size;
}

/// Stands before the bytes of each block in a worker's region.
struct alignas(cache_line) Block {
  Shared<std::uint32_t> busy;
  std::uint32_t reserved;
  std::uint64_t capacity;
};
static_assert(sizeof(Block) == cache_line);

enum class WorkerStatus : std::uint32_t {
  absent = 0,
  starting,
  polling,
  asleep,
  busy,
  retired,
  initializing,
  finishing
};

/// One for each of the pool's slots for workers.
struct alignas(cache_line) WorkerEntry {
  // written by the worker
  Shared<std::uint32_t> status;
  Shared<std::uint32_t> phase;       // pickle::Phase of the call in hand
  Shared<std::uint64_t> call;        // (ticket, record) in hand
  Shared<std::uint64_t> started_at;  // monotonic nanoseconds; 0: not noted
  Shared<std::int32_t> pid;          // its own; a hint, until the zygote has told
  std::uint32_t padding0;
  Shared<std::uint64_t> base;  // where it sees the segment
  ProgressWords progress;      // of the call that it names
  // written by either, and seldom: a wake-up, and the end
  alignas(cache_line) Shared<std::uint32_t> wake;
  Shared<std::uint32_t> leave;  // by the caller: the worker ends as soon as it is idle
  std::uint32_t padding1[14];
  // written by the caller for each result or few: the worker, which looks at `leave` for each call, seldom looks here
  alignas(cache_line) Shared<std::uint64_t> consumed;
  std::uint64_t first_position;          // where this worker's results begin in the ring
  Shared<std::uint32_t> waits_for_room;  // written by the worker: it sleeps on its wake word until `consumed` moves
  std::uint32_t reserved;
  std::uint64_t padding2[5];
};
static_assert(sizeof(WorkerEntry) == 3 * cache_line);

struct alignas(cache_line) CallerWords {
  Shared<std::uint32_t> poller;
  std::uint32_t padding0[15];
  alignas(cache_line) Shared<std::uint32_t> manager;
  std::uint32_t padding1[15];
  alignas(cache_line) Shared<std::uint32_t> stopping;  // 1: workers end once the call queue is empty
};
inline constexpr std::uint32_t poller_none = 0;
inline constexpr std::uint32_t poller_polls = 1;
inline constexpr std::uint32_t poller_sleeps = 2;
inline constexpr std::uint32_t poller_mask = 3;  // the state; the count is above

struct alignas(cache_line) CallQueue {
  Shared<std::uint64_t> head;
  std::uint64_t padding0[7];
  alignas(cache_line) Shared<std::uint64_t> tail;
  std::uint64_t padding1[7];
};

/// Sizes and offsets, constant once the segment exists. Each process keeps a private copy: the one in shared memory is
/// read once, when a fresh image attaches.
struct SegmentGeometry {
  std::uint64_t magic = segment_magic;
  std::uint32_t version = layout_version;
  std::uint32_t workers = 0;         // slots for workers, at the most
  std::uint32_t queue_capacity = 0;  // calls that may wait for a worker
  std::uint32_t records = 0;         // at the most
  std::uint32_t ring_capacity = 0;   // results one worker may have ready
  std::uint32_t first_workers = 0;   // of these slots there is memory from the start; 0: of all
  std::uint32_t first_records = 0;   // likewise
  std::uint64_t worker_entries = 0;  // offsets from the start of the segment
  std::uint64_t sleepers = 0;
  std::uint64_t queue_entries = 0;
  std::uint64_t call_records = 0;
  std::uint64_t result_rings = 0;
  std::uint64_t caller_region = 0;
  std::uint64_t caller_region_size = 0;
  std::uint64_t worker_regions = 0;
  std::uint64_t worker_region_size = 0;  // of the first workers
  std::uint64_t more_regions = 0;
  std::uint64_t more_region_size = 0;  // of the others
  std::uint64_t size = 0;
  std::uint64_t initializer_offset = 0;  // its pickled call, for workers that do not inherit it
  std::uint64_t initializer_size = 0;
  std::uint64_t finalizer_offset = 0;  // likewise
  std::uint64_t finalizer_size = 0;
  std::int64_t spin_nanoseconds = 0;
  std::uint64_t tasks_per_worker = 0;  // 0: no limit
  std::int64_t idle_nanoseconds = 0;   // 0: an idle worker stays
};

struct alignas(4096) SegmentHeader {
  SegmentGeometry geometry;
  CallerWords caller;
  CallQueue queue;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
