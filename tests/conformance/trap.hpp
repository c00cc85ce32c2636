// SPDX-License-Identifier: BSL-1.0
// A value that misbehaves at one place of its way: when it is pickled or unpickled as an argument or as a result, or
// when the task runs.
#pragma once

#include <unistd.h>

#include <stdexcept>
#include <string>

#include "conformance/tasks.hpp"
#include "support/shared.hpp"

namespace conformance {

enum class Place { pickle_argument, unpickle_argument, run, pickle_result, unpickle_result };
enum class Fault { throws, exits, crashes, hangs, throws_int };

inline constexpr int exit_status = 3;

struct Trap {
  Place place = Place::run;
  Fault fault = Fault::throws;
  pid_t home = 0;           // the caller's process
  support::Gate reached{};  // opened when the trap springs
  support::Gate release{};  // ends a hang

  static Trap make(Place place, Fault fault) {
    return {place, fault, ::getpid(), support::Gate::make(), support::Gate::make()};
  }

  void pass(Place here) const {
    if (here != place) return;
    reached.open();
    switch (fault) {
      case Fault::throws:
        throw std::runtime_error("the trap has sprung");
      case Fault::throws_int:
        throw 42;
      case Fault::exits:
        ::_exit(exit_status);
      case Fault::crashes:
        crash();
        break;
      case Fault::hangs:
        release.wait();
        break;
    }
  }

  template <class Archive>
  void save(Archive& ar) const {
    pass(::getpid() == home ? Place::pickle_argument : Place::pickle_result);
    ar(place, fault, home, reached, release);
  }

  template <class Archive>
  void load(Archive& ar) {
    ar(place, fault, home, reached, release);
    pass(::getpid() == home ? Place::unpickle_result : Place::unpickle_argument);
  }
};

inline Trap spring(const Trap& trap) {
  trap.pass(Place::run);
  return trap;
}

}  // namespace conformance
