// SPDX-License-Identifier: BSL-1.0
// The memory orders in the library's headers, as their text has them, and the list of what becomes of each when it is
// weakened: orders.md.
#pragma once

#include "model/atomic.hpp"

#include <fstream>

#ifndef MODEL_SOURCE_DIR
#define MODEL_SOURCE_DIR "."
#endif

namespace model {

inline const char* name_of(Kind kind) {
  if (kind == Kind::fence) return "fence";
  return kind == Kind::load ? "load" : kind == Kind::store ? "store" : "read-modify-write";
}

/// The orders that are the next weaker ones for such an operation.
inline std::vector<Order> weaker(Kind kind, Order order) {
  if (order == Order::seq_cst) {
    if (kind == Kind::load) return {Order::acquire};
    if (kind == Kind::store) return {Order::release};
    return {Order::acq_rel};
  }
  if (order == Order::acq_rel) return {Order::acquire, Order::release};
  return {Order::relaxed};
}

/// An operation that the text of a header has, with an order that stands there. One that is given its order from
/// elsewhere has none here.
struct Written {
  std::string header;  // below include/concurrent/
  unsigned first_line = 0;
  unsigned last_line = 0;
  std::string code;
  Kind kind = Kind::load;
  std::vector<Order> orders;
};

/// One line of the list: an operation whose order is weakened.
struct Weakening {
  std::string header;
  std::string code;  // with a number where the same stands there several times
  Kind kind = Kind::load;
  Order from = Order::relaxed;
  Order to = Order::relaxed;

  std::string text() const { return "`" + code + "` " + name_of(kind) + ", " + name_of(from) + " to " + name_of(to); }
  std::string key() const { return header + ": " + text(); }
};

inline std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

/// The operations on atomics in a header's text.
inline std::vector<Written> operations_in(const std::string& header, const std::string& path) {
  std::vector<std::string> lines;
  std::string text;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line.substr(0, line.find("//")));
    text += lines.back() + "\n";
  }
  const auto line_at = [&](std::size_t at) {
    return 1 + static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  };
  static constexpr std::array<std::pair<const char*, Kind>, 11> names{{{".load(", Kind::load},
                                                                       {".store(", Kind::store},
                                                                       {".exchange(", Kind::update},
                                                                       {".fetch_add(", Kind::update},
                                                                       {".fetch_sub(", Kind::update},
                                                                       {".fetch_or(", Kind::update},
                                                                       {".fetch_and(", Kind::update},
                                                                       {".compare_exchange_weak(", Kind::update},
                                                                       {".compare_exchange_strong(", Kind::update},
                                                                       {"->store(", Kind::store},
                                                                       {"->load(", Kind::load}}};
  std::vector<Written> found;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::optional<Kind> kind;
    std::size_t open = 0;
    for (const auto& [name, its_kind] : names) {
      if (text.compare(at, std::strlen(name), name) != 0) continue;
      kind = its_kind;
      open = at + std::strlen(name) - 1;
    }
    if (text.compare(at, 20, "atomic_thread_fence(") == 0) {
      kind = Kind::fence;
      open = at + 19;
    }
    if (!kind) continue;
    std::size_t close = open;
    for (int depth = 0; close < text.size(); ++close) {
      if (text[close] == '(') ++depth;
      if (text[close] == ')' && --depth == 0) break;
    }
    const std::string arguments = text.substr(open + 1, close - open - 1);
    Written one;
    one.header = header;
    one.kind = *kind;
    one.first_line = line_at(at);
    one.last_line = line_at(close);
    one.code = trimmed(lines[one.first_line - 1]);
    if (one.code.front() == '.') {  // what is called stands on the line before
      --one.first_line;
      one.code = trimmed(lines[one.first_line - 1]) + one.code;
    }
    static constexpr std::array<Order, 5> all{Order::relaxed, Order::acquire, Order::release, Order::acq_rel,
                                              Order::seq_cst};
    for (std::size_t order = arguments.find("memory_order"); order != std::string::npos;
         order = arguments.find("memory_order", order + 1)) {
      for (const Order each : all) {
        const std::size_t name = order + std::strlen("memory_order_");
        if (arguments.compare(name, std::strlen(name_of(each)), name_of(each)) == 0) one.orders.push_back(each);
      }
    }
    const bool is_given = arguments.find("order") != std::string::npos;
    if (one.orders.empty() && !is_given) {
      // None means the strongest; but other things are loaded and stored, too.
      if (*kind == Kind::load && !trimmed(arguments).empty()) continue;
      if (*kind == Kind::store && trimmed(arguments).empty()) continue;
      one.orders.push_back(Order::seq_cst);
    }
    found.push_back(std::move(one));
  }
  // What stands there several times has a number.
  std::map<std::string, int> times;
  std::map<std::string, int> number;
  const auto name = [](const Written& one) { return one.code + name_of(one.kind); };
  for (const Written& one : found) ++times[name(one)];
  for (Written& one : found) {
    const std::string its = name(one);
    if (times[its] > 1) one.code += " (" + std::to_string(++number[its]) + ")";
  }
  return found;
}

inline const std::string& include_folder() {
  static const std::string folder = std::string(MODEL_SOURCE_DIR) + "/include/concurrent/";
  return folder;
}

/// All of them, by header.
inline const std::map<std::string, std::vector<Written>>& operations() {
  static const std::map<std::string, std::vector<Written>> all = [] {
    std::map<std::string, std::vector<Written>> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(include_folder())) {
      if (entry.path().extension() != ".hpp") continue;
      const std::string header = entry.path().lexically_relative(include_folder()).string();
      std::vector<Written> its = operations_in(header, entry.path().string());
      if (!its.empty()) found.emplace(header, std::move(its));
    }
    return found;
  }();
  return all;
}

/// Everything that can be weakened by a step, as the text has it.
inline std::vector<Weakening> weakenings() {
  std::vector<Weakening> all;
  for (const auto& [header, its] : operations()) {
    for (const Written& one : its) {
      for (std::size_t i = 0; i < one.orders.size(); ++i) {
        if (one.orders[i] == Order::relaxed) continue;
        const Kind kind = i == 0 ? one.kind : Kind::load;  // the second is for the case that nothing is exchanged
        for (const Order to : weaker(kind, one.orders[i])) all.push_back({header, one.code, kind, one.orders[i], to});
      }
    }
  }
  return all;
}

/// Whether an entry of the list is of an operation that is given its order by who calls.
inline bool is_given_its_order(const std::string& key) {
  for (const auto& [header, its] : operations()) {
    for (const Written& one : its) {
      if (one.orders.empty() && key.starts_with(header + ": `" + one.code + "`")) return true;
    }
  }
  return false;
}

/// What a program has met, in the words of the list; none: it is not in the library's headers.
inline std::optional<std::string> code_of(const Use& use, std::string& header) {
  const std::string path = std::filesystem::path(use.site.file).lexically_normal().string();
  const std::size_t at = path.rfind("include/concurrent/");
  if (at == std::string::npos || path.find("tests/model/") != std::string::npos) return std::nullopt;
  header = path.substr(at + std::strlen("include/concurrent/"));
  const auto its = operations().find(header);
  if (its == operations().end()) return std::nullopt;
  const Written* found = nullptr;
  const bool is_second = use.site.column >= 10'000;
  for (const Written& one : its->second) {
    if (use.site.line < one.first_line || use.site.line > one.last_line) continue;
    if (one.kind != use.kind && !is_second) continue;
    if (!one.orders.empty() && one.orders[is_second ? 1 : 0] != use.order) continue;
    if (found == nullptr || found->first_line < one.first_line) found = &one;
  }
  return found != nullptr ? std::optional(found->code) : std::nullopt;
}

/// The list: of each weakening who notices it, or why it is kept.
class OrderList {
 public:
  static constexpr const char* noticed = ": noticed by ";
  static constexpr const char* kept = ": kept: ";

  OrderList() {
    std::ifstream file(path());
    std::string header;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("## ")) header = line.substr(3);
      if (!line.starts_with("- `")) continue;
      const std::size_t at = (std::min)(line.find(noticed), line.find(kept));
      if (at != std::string::npos) verdicts_[header + ": " + line.substr(2, at - 2)] = line.substr(at);
    }
  }
  static std::string path() { return std::string(MODEL_SOURCE_DIR) + "/tests/model/orders.md"; }

  std::map<std::string, std::string>& verdicts() { return verdicts_; }
  /// The program that notices it; empty: none is named.
  std::string program(const std::string& key) const {
    const auto found = verdicts_.find(key);
    if (found == verdicts_.end() || !found->second.starts_with(noticed)) return {};
    return found->second.substr(std::strlen(noticed));
  }
  bool is_kept(const std::string& key) const {
    const auto found = verdicts_.find(key);
    return found != verdicts_.end() && found->second.starts_with(kept);
  }

 private:
  std::map<std::string, std::string> verdicts_;
};

}  // namespace model
