// SPDX-License-Identifier: BSL-1.0
// Memory for the bytes of calls and results. Large ones lie in large pages where the system has them, and their memory
// is kept for the next for a second: a page that nobody has touched costs more than the copy into it.
#pragma once

#include <concurrent/pickle/detail/large_pages.hpp>

#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Large pieces of memory that nobody uses just now, of all pools of this process.
///
/// Threads: any, at once; whoever would have to wait goes on without. A forked child begins with none: its copy of them
/// would be its own as soon as the parent had given them back.
class BodyStore {
 public:
  struct Piece {
    std::byte* memory = nullptr;
    std::size_t size = 0;
  };

  static constexpr std::align_val_t page{std::size_t{2} << 20};
  static constexpr std::size_t most = std::size_t{256} << 20;  // bytes that are kept

  /// Never destroyed: the last body may be freed late.
  static BodyStore& instance() noexcept {
    alignas(BodyStore) static std::byte memory[sizeof(BodyStore)];
    static auto* const store = [] {
      auto* const made = ::new (memory) BodyStore;
      ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                       [] {
                         instance().mutex_.unlock();
                         instance().give_back(true);
                       });
      return made;
    }();
    return *store;
  }

  /// A kept piece of `size` bytes at least, and not many times as many; null.
  Piece take(std::size_t size) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return {};
    Kept* best = nullptr;
    for (Kept& each : kept_) {
      if (each.piece.memory != nullptr && each.piece.size >= size && each.piece.size / 2 <= size &&
          (best == nullptr || each.piece.size < best->piece.size))
        best = &each;
    }
    if (best == nullptr) return {};
    bytes_ -= best->piece.size;
    return std::exchange(best->piece, {});
  }
  /// False: there is no room for it.
  bool keep(Piece piece) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || piece.size > most - bytes_) return false;
    const auto free = std::find_if(kept_.begin(), kept_.end(), [](const Kept& k) { return k.piece.memory == nullptr; });
    if (free == kept_.end()) return false;
    *free = {piece, std::chrono::steady_clock::now()};
    bytes_ += piece.size;
    return true;
  }
  /// Gives back what has been kept for a second, or all.
  void give_back(bool all = false) noexcept {
    std::array<Piece, pieces> gone;
    std::size_t count = 0;
    {
      const auto now = std::chrono::steady_clock::now();
      const std::unique_lock lock(mutex_, std::try_to_lock);
      if (!lock) return;
      for (Kept& each : kept_) {
        if (each.piece.memory == nullptr || (!all && now < each.since + time_kept)) continue;
        bytes_ -= each.piece.size;
        gone[count++] = std::exchange(each.piece, {});
      }
    }
    while (count != 0) ::operator delete(gone[--count].memory, page);
  }

 private:
  static constexpr std::size_t pieces = 8;
  static constexpr std::chrono::seconds time_kept{1};
  struct Kept {
    Piece piece;
    std::chrono::steady_clock::time_point since;
  };

  std::mutex mutex_;
  std::array<Kept, pieces> kept_;
  std::size_t bytes_ = 0;
};

/// Memory for the bytes of a call or a result, uninitialised. Throws std::bad_alloc.
inline std::shared_ptr<std::byte[]> body_memory(std::size_t size) {
  if (size < pickle::detail::large_block) return std::shared_ptr<std::byte[]>(new std::byte[size]);
  constexpr auto page = static_cast<std::size_t>(BodyStore::page);
  BodyStore::Piece piece = BodyStore::instance().take(size);
  if (piece.memory == nullptr) {
    if (size > PTRDIFF_MAX) throw std::bad_alloc();  // no size at all, but for that of a message that came apart
    piece.size = (size + page - 1) & ~(page - 1);
    piece.memory = static_cast<std::byte*>(::operator new(piece.size, BodyStore::page, std::nothrow));
    if (piece.memory == nullptr) {  // what is kept may be in the way
      BodyStore::instance().give_back(true);
      piece.memory = static_cast<std::byte*>(::operator new(piece.size, BodyStore::page));
    }
    pickle::detail::prefer_large_pages(piece.memory, piece.size);
  }
  return {piece.memory, [size = piece.size](std::byte* memory) {
            if (!BodyStore::instance().keep({memory, size})) ::operator delete(memory, BodyStore::page);
          }};
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
