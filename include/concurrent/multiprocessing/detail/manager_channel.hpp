// SPDX-License-Identifier: BSL-1.0
// The short way between a thread of a Manager's client and its thread in the server: memory that both have mapped,
// beside the socket of their connection. A call and its answer that have room there need no system call while both
// sides poll. The socket carries all else: what is larger, what needs no answer, the bell for a side that sleeps, and,
// by its end, the news of a death. Both sleep in a read of the socket and nowhere else, so a bell, a large message and
// a death wake them alike.
//
// The memory is made and sealed by the server: what a client says of its size is nothing, and nobody can cut it short.
// Its descriptor goes over the socket to the client that has asked, once it has made a few calls; both close it when
// they have mapped the memory. In a forked child the client's mapping is not there.
// The words. N is the number of the call, counted by the client from 1.
//   request.number   client   N: the call lies in request.frame and request.bytes, whole. Written last.
//   request.frames   client   how many frames it has sent, or is about to send, over the socket since it has the memory
//   answer.number    server   N: the answer lies in answer.frame and answer.bytes, whole; or, its kind being `follows`,
//                             comes over the socket. Written last.
//   .processor       each     the one that it ran on when it wrote its side last
//   server_sleeps    server   1 before it reads the socket with no call there; the client that has posted one takes the
//                             1 away, and then owes a bell
//   client_sleeps    client   likewise; the server that has posted an answer takes it away, and then owes a bell
//
// Nobody sleeps through a message: a side writes its 1 and then looks for a message once more, the other writes the
// message and then looks for the 1, all in one order (seq_cst). Either the one finds the message, or the other the 1.
// Taking the 1 away and counting a frame tell the other side nothing else, so those are relaxed. A bell that is owed
// all the same to a client that has found its answer is waited for and thrown away, so that none is left in the socket;
// the server counts frames instead. One that comes too early sends the client back to sleep.
//
//   client                                        server
//     request.bytes, .frame                         polls request.number and request.frames for a while;
//     request.number = N                            server_sleeps = 1; looks again; reads the socket
//     server_sleeps was 1? a bell                     a bell: looks for the call
//     polls answer.number for a while               copies request.frame and the bytes that it tells of, then checks
//     client_sleeps = 1; looks again;               and runs the copy
//     reads the socket                              answer.bytes, .frame; answer.number = N
//       a bell: the answer is there                 client_sleeps was 1? a bell
//     copies the answer
//
// Who dies or is stopped where
//   The client, before request.number = N      there is no call. Dead: the server reads the end of the socket.
//     after it, before the bell                a server that sleeps reads the end of the socket, and the call is not
//                                              run; one that polled runs it. Stopped: only its own thread there waits.
//     later                                    the call is run, and the answer is nobody's; a bell fails or is not read
//   The server, at any instant                 the client polls for 50 us at most, then reads the end of the socket. It
//                                              looks for the answer once more: what was posted whole is taken.
//   A client that writes what it likes at any time harms nobody: the server believes its own copy alone, and its size
//   only when that is no more than there is room for. Numbers and flags that lie make its own thread in the server
//   answer once more, ring in vain, or wait for a frame. Pages that it punches out of the memory read as zeros.
#pragma once

#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/detail/manager_messages.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/os/memory_file.hpp>
#include <concurrent/os/pages.hpp>
#include <concurrent/os/processors.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What one side says, in memory that the other has as well.
struct ManagerChannelSide {
  static constexpr std::size_t size = std::size_t{32} << 10;
  using FrameWords = std::array<std::uint64_t, 3>;  // a ManagerFrame

  std::atomic<std::uint32_t> number;
  std::atomic<std::uint32_t> frames;
  std::atomic<std::uint64_t> frame[3];
  std::atomic<std::int32_t> processor;
  std::byte bytes[size - 36];

  /// Whether whoever has written this last ran on the processor of this thread.
  bool is_of_this_processor() const noexcept {
    return processor.load(std::memory_order_relaxed) == os::this_processor();
  }
  /// All but the number.
  void write(ManagerFrame::Kind kind, std::span<const std::byte> from) noexcept {
    processor.store(os::this_processor(), std::memory_order_relaxed);
    if (!from.empty()) std::memcpy(bytes, from.data(), from.size());
    const auto words = std::bit_cast<FrameWords>(ManagerFrame::of(kind, from));
    for (std::size_t i = 0; i < words.size(); ++i) frame[i].store(words[i], std::memory_order_relaxed);
  }
  /// A copy; what it tells of does not change under whoever checks it.
  ManagerFrame read_frame() const noexcept {
    FrameWords words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = frame[i].load(std::memory_order_relaxed);
    return std::bit_cast<ManagerFrame>(words);
  }
};
static_assert(sizeof(ManagerChannelSide) == ManagerChannelSide::size);

struct ManagerChannelWords {
  alignas(64) std::atomic<std::uint32_t> server_sleeps;
  alignas(64) std::atomic<std::uint32_t> client_sleeps;
  alignas(64) ManagerChannelSide request;
  alignas(64) ManagerChannelSide answer;
};
static_assert(sizeof(ManagerFrame) == 24 && std::atomic<std::uint64_t>::is_always_lock_free);

/// How long a side polls: about what a sleep and a wake-up cost while that pays, and less and less while it does not.
/// Now and then it tries the whole time again: two sides of which one polls shorter than the other takes to wake up
/// would sleep for ever after. It does not poll while other threads of this process do so on every processor but one,
/// on which what they wait for has to run; nor on the processor that the other side ran on last: asleep it leaves that
/// at once, and is woken on another one if that is idle.
class ManagerPolling {
 public:
  /// Whether `done()` has become true. Looks at least once.
  template <class Done>
  bool until(Done done, bool other_is_here) {
    if (done()) return true;
    if (other_is_here) return false;
    static const int most = usable_cpu_count() - 1;
    const bool may = threads().fetch_add(1, std::memory_order_relaxed) < most;
    bool found = false;
    if (may) {
      if (++times_ % times_a_trial == 0) budget_ = longest;
      for (Polling polling(budget_); !(found = done()) && polling.again();) {
      }
      budget_ = found ? longest : (std::max)(budget_ / 2, shortest);
    }
    threads().fetch_sub(1, std::memory_order_relaxed);
    return found;
  }

 private:
  static std::atomic<int>& threads() noexcept {
    static std::atomic<int>* const count = [] {
      static constinit std::atomic<int> polling{0};
      ::pthread_atfork(nullptr, nullptr, [] { polling.store(0, std::memory_order_relaxed); });  // they are the parent's
      return &polling;
    }();
    return *count;
  }

  static constexpr std::int64_t longest = Spin::adaptive().limit().count();
  static constexpr std::int64_t shortest = longest / 16;
  static constexpr std::uint32_t times_a_trial = 16;

  std::int64_t budget_ = longest;
  std::uint32_t times_ = 0;
};

/// One side's mapping of the memory, or none.
class ManagerChannel {
 public:
  /// The most that a message may have to go this way.
  static constexpr std::size_t most = sizeof(ManagerChannelSide::bytes);

  ManagerChannel() noexcept = default;
  ManagerChannel(ManagerChannel&& other) noexcept : words_(std::exchange(other.words_, nullptr)) {}
  ManagerChannel& operator=(ManagerChannel&& other) noexcept {
    std::swap(words_, other.words_);
    return *this;
  }
  ~ManagerChannel() {
    if (words_ != nullptr) ::munmap(words_, sizeof *words_);
  }

  /// Server: makes the memory. None: the system has no room; errno says why.
  static ManagerChannel make(Descriptor& file) noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < sizeof(ManagerChannelWords)) {
      errno = EFBIG;  // the attempt would be answered with SIGXFSZ
      return {};
    }
    file = Descriptor(os::open_memory_file("concurrent_futures_manager"));
    if (!file.valid() || ::ftruncate(file.get(), sizeof(ManagerChannelWords)) != 0 || !os::seal_size(file.get())) {
      return {};
    }
    ManagerChannel made = map(file);
    if (made.valid()) made.words_ = ::new (made.words_) ManagerChannelWords;
    return made;
  }
  /// Client: maps what the server has sent. None: there is no room, or it is no such memory.
  static ManagerChannel open(const Descriptor& file) noexcept {
    struct stat status{};
    if (!file.valid() || !os::is_size_sealed(file.get()) || ::fstat(file.get(), &status) != 0 ||
        status.st_size != sizeof(ManagerChannelWords)) {
      return {};
    }
    return map(file);
  }
  /// In a forked child, which has no such mapping.
  void forget() noexcept { words_ = nullptr; }

  bool valid() const noexcept { return words_ != nullptr; }

  // The client.

  /// Before each frame that goes over the socket.
  void announce_frame() noexcept { words_->request.frames.fetch_add(1, std::memory_order_relaxed); }
  /// Posts a call of at most `most` bytes. True: a bell is owed.
  bool post_request(std::span<const std::byte> bytes) noexcept {
    words_->request.write(ManagerFrame::Kind::call, bytes);
    words_->request.number.store(++number_, std::memory_order_seq_cst);
    return take(words_->server_sleeps);
  }
  bool server_is_here() const noexcept { return words_->answer.is_of_this_processor(); }
  bool has_answer() const noexcept { return words_->answer.number.load(std::memory_order_seq_cst) == number_; }
  void client_sleeps() noexcept { words_->client_sleeps.store(1, std::memory_order_seq_cst); }
  /// True: a bell comes.
  bool client_wakes() noexcept { return words_->client_sleeps.exchange(0, std::memory_order_relaxed) == 0; }
  /// What has come of the socket, or instead of it.
  enum class Came : std::uint8_t { answer, bell, frame, end };
  /// Waits at the socket for an answer that was not here yet. `receive` reads a frame there and says what it is.
  /// Returns `answer`, or `frame` or `end` as that did.
  ///
  /// The server may see that its client sleeps, and take the 1 away only when the client has found that answer and
  /// sleeps in its next call already: then a bell comes before the next answer, and the client sleeps once more.
  template <class Receive>
  Came await_answer(Receive receive) {
    for (;;) {
      client_sleeps();
      if (has_answer()) return !client_wakes() || receive() == Came::bell ? Came::answer : Came::end;
      const Came came = receive();
      if (came == Came::end) return has_answer() ? Came::answer : Came::end;  // its last word
      client_wakes();
      if (came == Came::frame) return Came::frame;
      if (has_answer()) return Came::answer;
    }
  }
  /// Copies the answer. False: it is too large for this way.
  /// Throws: std::bad_alloc.
  bool read_answer(ManagerFrame& frame, ReceivedBytes& bytes) const { return read(words_->answer, frame, bytes); }

  // The server.

  bool client_is_here() const noexcept { return words_->request.is_of_this_processor(); }
  bool has_request() const noexcept { return words_->request.number.load(std::memory_order_seq_cst) != number_; }
  /// A frame has been announced of which no more than `read` have been read.
  bool has_frame(std::uint32_t read) const noexcept {
    return words_->request.frames.load(std::memory_order_relaxed) != read;
  }
  void server_sleeps() noexcept { words_->server_sleeps.store(1, std::memory_order_seq_cst); }
  void server_wakes() noexcept { words_->server_sleeps.store(0, std::memory_order_relaxed); }
  /// Takes the call and copies it. False: it is none.
  /// Throws: std::bad_alloc.
  bool read_request(ManagerFrame& frame, ReceivedBytes& bytes) {
    number_ = words_->request.number.load(std::memory_order_relaxed);  // has_request() has seen it
    return read(words_->request, frame, bytes) && frame.magic == ManagerFrame::expected_magic &&
           frame.kind == ManagerFrame::Kind::call;
  }
  /// Posts an answer of at most `most` bytes. True: a bell is owed.
  bool post_answer(ManagerFrame::Kind kind, std::span<const std::byte> bytes) noexcept {
    words_->answer.write(kind, bytes);
    words_->answer.number.store(number_, std::memory_order_seq_cst);
    return take(words_->client_sleeps);
  }
  /// The answer comes over the socket, which wakes the client as a bell does.
  void post_that_answer_follows() noexcept {
    words_->answer.write(ManagerFrame::Kind::follows, {});
    words_->answer.number.store(number_, std::memory_order_release);
  }

 private:
  static ManagerChannel map(const Descriptor& file) noexcept {
    ManagerChannel mapped;
    void* const memory =
        ::mmap(nullptr, sizeof(ManagerChannelWords), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return mapped;
    mapped.words_ = static_cast<ManagerChannelWords*>(memory);
    if (!os::keep_from_forks(memory, sizeof(ManagerChannelWords))) return {};
    return mapped;
  }
  static bool take(std::atomic<std::uint32_t>& sleeps) noexcept {
    return sleeps.load(std::memory_order_seq_cst) != 0 && sleeps.exchange(0, std::memory_order_relaxed) != 0;
  }
  static bool read(const ManagerChannelSide& side, ManagerFrame& frame, ReceivedBytes& bytes) {
    frame = side.read_frame();
    if (frame.size > most) return false;
    bytes.copy({side.bytes, frame.size});
    std::atomic_signal_fence(std::memory_order_seq_cst);  // from here on it is the copy that is read
    return true;
  }

  ManagerChannelWords* words_ = nullptr;
  std::uint32_t number_ = 0;  // of the call that this side has posted or taken last
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
