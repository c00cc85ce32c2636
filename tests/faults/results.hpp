// SPDX-License-Identifier: BSL-1.0
// Results that stop half-way through being pickled or unpickled, so that a test can do something meanwhile.
#pragma once

#include "faults/trial.hpp"

namespace faults {

/// `first` bytes are pickled, then the worker waits for the gate, then `second` bytes. Arrives as their number.
struct HeldPickle {
  Gate half;
  Gate go;
  pid_t home = 0;
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  static HeldPickle make(std::uint64_t first, std::uint64_t second) {
    return {Gate::make(), Gate::make(), ::getpid(), first, second};
  }
  std::uint64_t total() const { return first + second; }

  template <class Archive>
  void save(Archive& ar) const {
    ar(half, go, home, first, second);
    if (::getpid() == home) return;
    ar(std::string(first, 'f'));
    half.open();
    go.wait();
    ar(std::string(second, 's'));
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(half, go, home, first, second);
    if (::getpid() != home) return;
    std::string a;
    std::string b;
    ar(a, b);
    first = static_cast<std::uint64_t>(std::count(a.begin(), a.end(), 'f'));
    second = static_cast<std::uint64_t>(std::count(b.begin(), b.end(), 's'));
  }
};
inline HeldPickle return_held(HeldPickle held) { return held; }

/// The caller waits for the gate while it unpickles this, and only then looks at the bytes.
struct HeldUnpickle {
  Gate half;
  Gate go;
  pid_t home = 0;
  std::uint64_t size = 0;

  static HeldUnpickle make(std::uint64_t size) { return {Gate::make(), Gate::make(), ::getpid(), size}; }

  template <class Archive>
  void save(Archive& ar) const {
    ar(half, go, home, size);
    if (::getpid() != home) ar(std::string(size, 'u'));
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(half, go, home, size);
    if (::getpid() != home) return;
    half.open();
    go.wait();
    std::string text;
    ar(text);
    size = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), 'u'));
  }
};
inline HeldUnpickle return_held_unpickle(HeldUnpickle held) { return held; }

}  // namespace faults
