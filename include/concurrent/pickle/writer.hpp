// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/copy_bytes.hpp>
#include <concurrent/pickle/detail/kept_objects.hpp>
#include <concurrent/pickle/detail/shared_table.hpp>
#include <concurrent/pickle/errors.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace concurrent::pickle::inline v0 {

/// Who is going to read a message, as far as addresses in it are concerned; from fresh_images on they have no memory of
/// this process.
enum class Audience : unsigned char {
  unknown,         ///< some process
  forks,           ///< forks of this process, which see its memory as it was when they were made
  fresh_images,    ///< other images of this program, which have memory of their own
  other_machines,  ///< the same elsewhere: what is shared on this machine means nothing there
};

/// The readers of a message.
struct Readers {
  /// Implicit, for most are known by this alone.
  constexpr Readers(Audience readers = Audience::unknown, pid_t forked_from = 0) noexcept
      : audience(readers), parent(forked_from) {}

  Audience audience;  ///< what they have of this process
  pid_t parent;       ///< of forks: from which they have their memory, itself a fork of this process, in which there is
                      ///< nothing that has been mapped since; 0: nobody says
};

/// Appends bytes to memory that somebody else owns: a slot of a queue, a block of shared memory, a vector.
///
/// Threads: one at a time.
class Writer {
 public:
  /// Makes room for `needed` more bytes, moving what is written if it must (then it calls rebase), or throws.
  using Grow = void (*)(Writer& writer, std::size_t needed);

  /// Appends a large block in its own way; null and 0: what stood after size() has been taken back.
  using WriteLarge = void (*)(Writer& writer, const std::byte* data, std::size_t size);

  /// Writes from `first`, which is aligned to 64 if the bytes are to be read in place, up to `last`.
  Writer(std::byte* first, std::byte* last, Grow grow) noexcept
      : first_(first), next_(first), last_(last), grow_(grow) {}
  ~Writer() {
    if (objects_ != nullptr) [[unlikely]]
      drop_objects();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Appends `size` bytes.
  /// Throws: what the owner of the memory throws when there is no more.
  void write(const void* data, std::size_t size) {
    if (size >= detail::past_caches && write_large_ != nullptr) [[unlikely]]
      return write_large_(*this, static_cast<const std::byte*>(data), size);
    detail::copy_bytes(claim(size), data, size);  // an empty range may have a null pointer
  }

  /// Appends the bytes of a trivially copyable value.
  template <class T>
  void put(const T& value) {
    std::memcpy(claim(sizeof(T)), std::addressof(value), sizeof(T));
  }

  /// Appends room for `size` bytes, which the caller fills before it writes anything else.
  std::byte* claim(std::size_t size) {
    if (size > static_cast<std::size_t>(last_ - next_)) [[unlikely]]
      grow_(*this, size);
    std::byte* claimed = next_;
    next_ += size;
    return claimed;
  }

  /// Pads with zeros until the offset from the first byte is a multiple of `alignment`, a power of two up to 64.
  void align(std::size_t alignment) {
    const std::size_t padding = (alignment - size() % alignment) % alignment;
    if (padding != 0) std::memset(claim(padding), 0, padding);
  }

  std::byte* data() noexcept { return first_; }
  const std::byte* data() const noexcept { return first_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(next_ - first_); }
  std::size_t capacity() const noexcept { return static_cast<std::size_t>(last_ - first_); }

  /// How large the memory is to become when there are `written` bytes and no room for `needed` more: twice as large for
  /// what comes in pieces; what is announced in one piece gets just that.
  static constexpr std::size_t grown_size(std::size_t written, std::size_t needed) noexcept {
    return needed < written ? 2 * written + needed : written + needed;
  }

  /// Tells that the memory is now from `first` to `last`. What was written stands there already; size() stays.
  void rebase(std::byte* first, std::byte* last) noexcept {
    next_ = first + (next_ - first_);
    first_ = first;
    last_ = last;
  }

  /// Takes back everything after the first `size` bytes.
  void truncate(std::size_t size) noexcept {
    next_ = first_ + size;
    if (write_large_ != nullptr) [[unlikely]]
      write_large_(*this, nullptr, 0);
  }

  /// What the message's reader finds by way of this process, so that it has to be there still.
  using Kept = detail::KeptObjects;
  /// Who sends the message keeps such things until it has arrived, and takes them when it is written.
  void keep_what_is_sent() noexcept { keeps_ = true; }
  /// Keeps one, where somebody has asked for it.
  void keep(const std::shared_ptr<const void>& object) {
    if (keeps_) objects().kept.add(object);
  }
  /// True: there is something to take.
  bool has_kept() const noexcept { return objects_ != nullptr && !objects_->kept.empty(); }
  /// What has been kept; nothing is left here.
  Kept take_kept() noexcept { return has_kept() ? std::move(objects_->kept) : Kept(); }

  /// For who has the memory; null: as all else is written.
  void set_write_large(WriteLarge write_large) noexcept { write_large_ = write_large; }

  /// Goes back to empty, ready for another message.
  void clear() noexcept {
    next_ = first_;
    if (objects_ != nullptr) drop_objects();
    depth_ = 0;
    null_refused_ = false;
  }

  /// Who is going to read it.
  const Readers& readers() const noexcept { return readers_; }
  /// What they have of this process.
  Audience audience() const noexcept { return readers_.audience; }
  /// Says for whom the message is.
  void set_readers(const Readers& readers) noexcept { readers_ = readers; }
  /// The same.
  void set_audience(Audience audience) noexcept { readers_ = audience; }

  /// How deep the value that is being written is nested.
  int& depth() noexcept { return depth_; }
  /// Throws PicklingError: nested too deeply.
  [[noreturn, gnu::cold, gnu::noinline]] void refuse_depth() const {
    throw PicklingError("concurrent::pickle: the value is nested too deeply for this thread's stack (" +
                        std::to_string(depth_) + " levels). Flatten it, or pickle it in a thread with a larger stack.");
  }

  /// Whether a null pointer would be called, and so may not be written: in what a container compares or hashes with.
  bool& null_refused() noexcept { return null_refused_; }
  /// Throws PicklingError: a null pointer where there may be none.
  [[noreturn, gnu::cold, gnu::noinline]] void refuse_null() const {
    throw PicklingError(
        "concurrent::pickle: what a container compares or hashes its elements with is, or holds, a null pointer, "
        "which would be called when the container is read. Make the container with a function.");
  }

  /// The objects behind the shared pointers written so far in this message.
  detail::WrittenPointers& shared_pointers() { return objects().shared; }
  /// What is written from now on refers to none of them; its reader forgets those that it has read at the same place.
  void forget_shared_pointers() noexcept {
    if (objects_ != nullptr) objects_->shared = {};
  }

 private:
  // What few messages need: the others pay for one null pointer.
  struct Objects {
    detail::WrittenPointers shared;
    Kept kept;
  };
  Objects& objects() {
    if (objects_ == nullptr) objects_ = new Objects;
    return *objects_;
  }
  [[gnu::cold, gnu::noinline]] void drop_objects() noexcept { delete std::exchange(objects_, nullptr); }

  std::byte* first_;
  std::byte* next_;
  std::byte* last_;
  Grow grow_;
  WriteLarge write_large_ = nullptr;
  int depth_ = 0;
  bool null_refused_ = false;
  bool keeps_ = false;
  Readers readers_;
  Objects* objects_ = nullptr;
};

}  // namespace concurrent::pickle::inline v0
