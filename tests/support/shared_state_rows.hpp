// SPDX-License-Identifier: BSL-1.0
// The rows of the conformance of shared state: what CPython's own tests pin of multiprocessing (HX to MG), what a
// killed process may not do (K), where this library is otherwise on purpose (D), and what went wrong elsewhere in
// public (R). Each is covered by test cases that carry its id, or says why it cannot be.
#pragma once

#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace support::shared_state {

enum class By {
  cases,     ///< test cases of test_multiprocessing
  programs,  ///< test cases of test_start_methods, where there are pools
  rows,      ///< the rows that `note` names, each of which has its own
  nothing    ///< it cannot apply; `note` says why
};

struct Row {
  const char* id;
  const char* title;
  By by = By::cases;
  const char* note = "";
};

// clang-format off
inline constexpr Row rows[] = {
    {"HX1", "each class in threads and in the workers of each start method", By::programs},
    {"HX2", "nothing is left after any class"},
    {"HX3", "timed waits take their time"},
    {"HX4", "signals do not end a wait"},
    {"HX5", "objects at namespace scope under spawn", By::programs},
    {"HX6", "five generations of forks"},
    {"HX7", "text forms", By::nothing, "the classes have none: locked(), value(), is_set(), broken(), n_waiting() and pid() say it"},

    {"LK1", "a held lock is destroyed"},
    {"LK2", "acquire, release, try; one release too many"},
    {"LK3", "try while another holds it"},
    {"LK4", "five contenders"},
    {"LK5", "guards"},
    {"LK6", "time limits of any size"},
    {"LK7", "usable after a timeout"},
    {"LK8", "only its holder may release it"},
    {"LK9", "a holder that acquires again is told"},
    {"LK10", "the parent sees that a child holds it"},
    {"LK11", "threads leave nothing behind"},
    {"LK12", "a child ends with it"},

    {"RL1", "free after as many releases"},
    {"RL2", "a release too many"},
    {"RL3", "release by others"},
    {"RL4", "held by a thread, not by a process"},
    {"RL5", "its depth at each step"},
    {"RL6", "in a child"},

    {"SM1", "first values"},
    {"SM2", "the count"},
    {"SM3", "above the first value"},
    {"SM4", "not above it, when bounded"},
    {"SM5", "as many pass as there are permits"},
    {"SM6", "release of several"},
    {"SM7", "attempts by several"},
    {"SM8", "time limits"},
    {"SM9", "guards"},
    {"SM10", "as a signal between processes"},
    {"SM11", "destroyed with permits out"},
    {"SM12", "a child ends with a permit"},
    {"SM13", "thousands at once"},

    {"CO1", "its lock"},
    {"CO2", "misuse"},
    {"CO3", "notify wakes one"},
    {"CO4", "no old notification for who waits anew"},
    {"CO5", "notify of several, none stored"},
    {"CO6", "notify_all"},
    {"CO7", "time limits"},
    {"CO8", "predicates"},
    {"CO9", "all levels of an RLock are given up"},
    {"CO10", "clean after any mix"},
    {"CO11", "in a child"},

    {"EV1", "set and clear, each twice"},
    {"EV2", "all wake, again and again"},
    {"EV3", "time limits"},
    {"EV4", "set and cleared at once"},
    {"EV5", "between processes"},
    {"EV6", "its lock after a fork", By::nothing, "there is no lock in it"},

    {"BA1", "lockstep"},
    {"BA2", "a number for each"},
    {"BA3", "one does something before all go on"},
    {"BA4", "abort"},
    {"BA5", "reset while some wait"},
    {"BA6", "abort, then reset"},
    {"BA7", "a timeout breaks it"},
    {"BA8", "one party; none"},
    {"BA9", "a thousand passes"},
    {"BA10", "in a child"},

    {"QU1", "every form of put"},
    {"QU2", "every form of get"},
    {"QU3", "what a process has put stays"},
    {"QU4", "its sizes agree"},
    {"QU5", "task_done and join"},
    {"QU6", "task_done too often"},
    {"QU7", "what fails to pickle"},
    {"QU8", "feeder's hook, other orders", By::nothing, "there is no thread that feeds, and one order"},
    {"QU9", "after close"},
    {"QU10", "close wakes"},
    {"QU11", "close does not end join"},
    {"QU12", "close that discards"},
    {"QU13", "a blocked put or get goes on"},
    {"QU14", "many threads, each item once"},
    {"QU15", "order"},
    {"QU16", "an item's memory is free when it is taken"},
    {"QU17", "a put within a put"},
    {"QU18", "queues in queues, and in a child's child"},
    {"QU19", "filled here, seen in a child"},
    {"QU20", "without a limit"},

    {"VA1", "values of each type from a child"},
    {"VA2", "which types", By::nothing, "others do not compile: tests/compile_fail/shared_value_of_*, shared_array_of_*"},
    {"VA3", "structs, arrays and strings changed by a child"},
    {"VA4", "no update is lost; copies taken out are apart"},
    {"AR1", "from a sequence"},
    {"AR2", "zeros, also where others were before"},
    {"AR3", "beyond the end"},
    {"AR4", "made and dropped at random"},

    {"SH1", "size and bytes"},
    {"SH2", "impossible sizes"},
    {"SH3", "pickled, it is the same"},
    {"SH4", "loaded when the original is gone"},
    {"SH5", "names", By::nothing, "it has none"},
    {"SH6", "a child writes"},
    {"SH7", "its maker is killed"},
    {"SL1", "a list of fixed cells", By::cases},
    {"SL2", "zeros at the end of strings"},

    {"ML1", "a list"},
    {"ML2", "slices, by algorithms"},
    {"ML3", "lists of lists"},
    {"ML4", "inner lists"},
    {"ML5", "a list in itself"},
    {"ML6", "iteration"},
    {"ML7", "the interfaces are whole"},
    {"ML8", "a list in a child"},
    {"ML9", "beyond the end"},
    {"MD1", "a dict"},
    {"MD2", "its order"},
    {"MD3", "dicts in containers"},
    {"MD4", "a dict in a child"},
    {"MD5", "a key that is not there"},
    {"MS1", "a set"},
    {"MN1", "a namespace"},
    {"ME1", "locks and queues in containers"},
    {"ME2", "locks and values made by the server", By::nothing, "the same classes are for all processes, without a server"},

    {"MX1", "what is private", By::nothing, "a pointer to a private member does not compile where the class does not give it away"},
    {"MX2", "members called"},
    {"MX3", "a member throws"},
    {"MX4", "remote generators, classes under several names", By::nothing, "types are static; a container is returned"},
    {"MX5", "a constructor throws"},
    {"MX6", "what cannot be pickled"},
    {"MX7", "a member that returns a proxy"},
    {"PX1", "proxies in workers", By::programs},
    {"PX2", "loaded, the same object"},
    {"PX3", "compared by object"},
    {"PX4", "a copy is a value", By::programs},
    {"PX5", "as long as somebody has it"},
    {"PX6", "several threads"},
    {"PX7", "in a forked child"},
    {"PX8", "an exception keeps nothing alive"},
    {"MG1", "shutdown, twice"},
    {"MG2", "after shutdown"},
    {"MG3", "one after the other"},
    {"MG4", "addresses and keys", By::nothing, "a manager has none: handles travel"},
    {"MG5", "the server and Ctrl-C"},
    {"MG6", "a server that does not end"},
    {"MG7", "objects left at shutdown"},
    {"MG8", "at the program's end"},

    {"K1", "killed with a lock, others wait"},
    {"K2", "killed with a lock, nobody waits"},
    {"K3", "a waiter killed"},
    {"K4", "killed when it had been woken"},
    {"K5", "killed anywhere in acquire and release"},
    {"K6", "killed between release and wake-up"},
    {"K7", "a thousand deaths in a row"},
    {"K8", "killed as a waiter's time ends"},
    {"K9", "stopped with a lock"},
    {"K10", "a thread ends with a lock"},
    {"K11", "a holder forks"},
    {"K12", "a holder ends in other ways"},
    {"K13", "many locks at once"},
    {"K14", "a worker leaves with its task's lock", By::programs},
    {"K15", "the maker is gone"},
    {"K16", "the victim's number is another's"},
    {"K17", "killed at random"},
    {"K18", "killed with permits"},
    {"K19", "a waiter for a permit killed"},
    {"K20", "semaphores at random"},
    {"K21", "stopped with a permit"},
    {"K22", "signals of the dead"},
    {"K23", "a waiter for a condition killed"},
    {"K24", "killed when it was notified"},
    {"K25", "a notifier killed"},
    {"K26", "stopped while it waits or notifies"},
    {"K27", "killed between set and wake-up"},
    {"K28", "set and notify in signal handlers"},
    {"K29", "killed at a barrier"},
    {"K30", "killed before it comes to the barrier"},
    {"K31", "the last one killed"},
    {"K32", "reset after a death"},
    {"K33", "stopped at a barrier"},
    {"K34", "a producer killed anywhere in put"},
    {"K35", "killed with a large item"},
    {"K36", "a consumer killed"},
    {"K37", "stopped anywhere in put and get"},
    {"K38", "killed before task_done"},
    {"K39", "gone right after put"},
    {"K40", "the last producer killed"},
    {"K41", "killed in close"},
    {"K42", "the queue's maker gone"},
    {"K43", "queues at random"},
    {"K44", "killed in a store"},
    {"K45", "killed while it writes an array"},
    {"K46", "killed around a message", By::programs},
    {"K47", "all that have it killed"},
    {"K48", "a manager's client killed"},
    {"K49", "a manager's client stopped"},
    {"K50", "the server killed"},
    {"K51", "a function throws half-way"},
    {"K52", "a function that never returns"},
    {"K53", "a function that would wait for itself"},
    {"K54", "without memory or descriptors"},
    {"K55", "the manager's maker ends"},
    {"K56", "a client forks"},
    {"K57", "a call is interrupted"},
    {"K58", "shutdown under way"},
    {"K59", "temporary handles"},
    {"K60", "nested handles"},
    {"K61", "killed with a lock out of a dict"},
    {"K62", "updates under kills"},
    {"K63", "many clients"},
    {"K64", "two managers"},

    {"D1", "a lock has an owner", By::rows, "LK8 LK9"},
    {"D2", "the dead hand over", By::rows, "LK10 LK12 RL6 SM12"},
    {"D3", "two kinds of semaphore", By::rows, "SM10 SM12 K22"},
    {"D4", "no set is missed", By::rows, "EV4"},
    {"D5", "put pickles", By::rows, "QU7"},
    {"D6", "one count for all sizes", By::rows, "QU3 QU4"},
    {"D7", "close is everybody's", By::rows, "QU9"},
    {"D8", "no names", By::rows, "SH7"},
    {"D9", "no update is lost", By::rows, "MD2 ML6"},
    {"D10", "misuse throws; who gets 0 acts", By::rows, "CO2 BA3"},

    {"R1", "locks without owner", By::rows, "K1 K17"},
    {"R2", "leases of locks", By::rows, "K1 K18"},
    {"R3", "killed while it waits in get", By::rows, "K3 K36"},
    {"R4", "a manager's lock and a death", By::rows, "K61"},
    {"R5", "death between two calls", By::rows, "K48 K61"},
    {"R6", "mutexes after a crash", By::rows, "K1"},
    {"R7", "daemon and killed clients", By::rows, "K1"},
    {"R8", "readers killed", By::rows, "K1"},
    {"R9", "owner died, data unknown", By::rows, "K2 K24 K45"},
    {"R10", "stopped with a lock", By::rows, "K9 K21 K26 K37 K49"},
    {"R11", "a thread ends with a lock", By::rows, "K10"},
    {"R12", "a time limit in place of an owner", By::rows, "K1"},
    {"R13", "locks and forks", By::rows, "K11"},
    {"R14", "exec and exit with a lock", By::rows, "K12"},
    {"R15", "long robust lists", By::rows, "K13"},
    {"R16", "one task a child, and semaphores", By::rows, "K14"},
    {"R17", "the maker's handle is dropped", By::rows, "K15"},
    {"R18", "process ids used again", By::rows, "K16"},
    {"R19", "permits of the dead", By::rows, "K18 K19 K20"},
    {"R20", "permits returned under a living holder", By::rows, "K22"},
    {"R21", "notify waits for the dead", By::rows, "K23 K24"},
    {"R22", "set blocks after a death", By::rows, "K23 K25 K27"},
    {"R23", "signal handlers", By::rows, "K28"},
    {"R24", "barriers and a death", By::rows, "K29 K30"},
    {"R25", "how barriers are released", By::rows, "K31"},
    {"R26", "half a message", By::rows, "K34 K35"},
    {"R27", "a place reserved by the dead", By::rows, "K34 K36"},
    {"R28", "large messages", By::rows, "K35 K37"},
    {"R29", "the other end dies", By::rows, "K36 K40"},
    {"R30", "join waits for the dead", By::rows, "K38"},
    {"R31", "a process cannot exit after put", By::rows, "K39"},
    {"R32", "torn values", By::rows, "K44"},
    {"R33", "memory deleted under others, or left", By::rows, "K46 K47"},
    {"R34", "leftovers of a kill", By::rows, "K47"},
    {"R35", "an old answer on a connection", By::rows, "K48 K49 K57"},
    {"R36", "proxies of a dead manager", By::rows, "K50 K58"},
    {"R37", "one thread for all clients", By::rows, "K52"},
    {"R38", "too many clients", By::rows, "K54 K63"},
    {"R39", "the server outlives its maker", By::rows, "K55"},
    {"R40", "one connection after a fork", By::rows, "K56"},
    {"R41", "Ctrl-C in a call", By::rows, "K57"},
    {"R42", "proxies of the server before", By::rows, "K58 K64"},
    {"R43", "gone before it arrived", By::rows, "K59"},
    {"R44", "nested objects never freed", By::rows, "K60"},
    {"R45", "lost updates", By::rows, "K62"},
};
// clang-format on

inline std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// How many test cases of this program carry each id before their text: "K1 K2 Lock: …".
inline std::map<std::string, int> count_cases() {
  std::set<std::string> ids;
  for (const Row& row : rows) ids.insert(row.id);
  std::map<std::string, int> cases;
  const auto take = [&](const std::string& name) {
    for (const std::string& word : words_of(name)) {
      if (ids.count(word) == 0) break;
      ++cases[word];
    }
  };
#if __has_include(<catch2/catch_all.hpp>)
  for (const auto* info : Catch::getRegistryHub().getTestCaseRegistry().getAllInfos())
    if (!info->isHidden()) take(info->name);
#else
  for (const auto& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests())
    if (!test.isHidden()) take(test.name);
#endif
  return cases;
}

}  // namespace support::shared_state
