// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <memory>

namespace concurrent::pickle::inline v0::detail {

/// Objects that have to be there still when a message is read, however many: a pointer, which is null for most
/// messages.
class KeptObjects {
 public:
  KeptObjects() noexcept = default;
  /// Each has the other's objects then.
  KeptObjects(KeptObjects&& other) noexcept : newest_(other.newest_) { other.newest_ = nullptr; }
  KeptObjects& operator=(KeptObjects&& other) noexcept {
    Node* const old = newest_;
    newest_ = other.newest_;
    other.newest_ = old;
    return *this;
  }
  ~KeptObjects() {
    if (newest_ != nullptr) clear();
  }

  bool empty() const noexcept { return newest_ == nullptr; }
  /// Throws std::bad_alloc.
  void add(const std::shared_ptr<const void>& object) { newest_ = new Node{object, newest_}; }
  /// Those of another too, which has none then. Needs no memory.
  void take(KeptObjects& other) noexcept {
    if (other.newest_ == nullptr) return;
    Node* oldest = other.newest_;
    while (oldest->older != nullptr) oldest = oldest->older;
    oldest->older = newest_;
    newest_ = other.newest_;
    other.newest_ = nullptr;
  }
  /// Lets go of them.
  [[gnu::noinline]] void clear() noexcept {
    while (newest_ != nullptr) {
      Node* const node = newest_;
      newest_ = node->older;
      delete node;
    }
  }

 private:
  struct Node {
    std::shared_ptr<const void> object;
    Node* older;
  };
  Node* newest_ = nullptr;
};

}  // namespace concurrent::pickle::inline v0::detail
