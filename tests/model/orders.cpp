// SPDX-License-Identifier: BSL-1.0
// Each memory order in the library's headers, weakened by one step: which program notices it stands in orders.md, or
// why the order is kept although none does. MODEL_ORDERS=write writes that list anew.
#include "model/check.hpp"

#include "model/orders.hpp"

namespace {

using model::OrderList;
using model::Weakening;

/// What the programs meet, and which of them.
struct Met {
  Weakening weakening;
  model::Use use;
  std::vector<const model::Case*> programs;
};

class Programs {
 public:
  explicit Programs(bool long_ones) {
    for (const auto make : model::known_cases()) {
      for (model::Case& one : make()) {
        if (!one.is_long || long_ones) cases_.push_back(std::move(one));
      }
    }
    for (const model::Case& one : cases_) {
      // A part of its executions meets as much as all.
      model::Limits limits = one.limits;
      limits.executions = 1000;
      const model::Report report = model::Explorer(limits).explore(one.set_up);
      for (const model::Use& use : report.uses) {
        std::string header;
        const std::optional<std::string> code = model::code_of(use, header);
        if (!code) continue;
        for (const model::Order to : model::weaker(use.kind, use.order)) {
          const Weakening weakening{header, *code, use.kind, use.order, to};
          Met& met = met_[weakening.key()];
          met.weakening = weakening;
          met.use = use;
          met.programs.push_back(&one);
        }
      }
    }
  }
  const std::map<std::string, Met>& met() const { return met_; }
  const model::Case* find(const std::string& name) const {
    for (const model::Case& one : cases_) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }
  static bool notices(const model::Case& program, const Met& met, std::size_t most = 0) {
    model::Limits limits = program.limits;
    if (most != 0) limits.executions = limits.executions == 0 ? most : (std::min)(most, limits.executions);
    model::Explorer explorer(limits);
    explorer.weaken(met.use, met.weakening.to);
    return !explorer.explore(program.set_up).fault.empty();
  }
  /// Of those that meet it one that notices it, the quickest if it does so soon; null: none does.
  static const model::Case* who_notices(const Met& met, std::size_t last) {
    for (const std::size_t most : {std::size_t{200}, std::size_t{2'000}, last}) {
      if (last != 0 && most > last) continue;
      for (const model::Case* const program : met.programs) {
        if (notices(*program, met, most)) return program;
      }
    }
    return nullptr;
  }

 private:
  std::vector<model::Case> cases_;
  std::map<std::string, Met> met_;
};

/// With those that are given their order by who calls, as the programs meet them.
void write_list(OrderList& list, const std::map<std::string, Met>& met) {
  std::map<std::string, std::vector<Weakening>> by_header;
  for (const Weakening& one : model::weakenings()) by_header[one.header].push_back(one);
  for (const auto& [key, one] : met) {
    if (model::is_given_its_order(key)) by_header[one.weakening.header].push_back(one.weakening);
  }
  std::ofstream file(OrderList::path());
  std::size_t noticed = 0;
  std::size_t kept = 0;
  std::string text;
  for (const auto& [header, its] : by_header) {
    text += "\n## " + header + "\n\n";
    for (const Weakening& one : its) {
      const std::string key = one.key();
      noticed += list.program(key).empty() ? 0U : 1U;
      kept += list.is_kept(key) ? 1U : 0U;
      const auto verdict = list.verdicts().find(key);
      text += "- " + one.text() + (verdict != list.verdicts().end() ? verdict->second : ": NOT NOTICED") + "\n";
    }
  }
  file
      << "# Every memory order, weakened by a step\n\n"
      << "Of each order in the headers that is stronger than relaxed: the program of this folder that goes wrong when\n"
      << "it is weakened, or why it is kept although none does. README.md says how this list is made and checked.\n\n"
      << noticed << " are noticed, " << kept << " are kept.\n"
      << text;
}

}  // namespace

TEST_CASE("Model: orders: each in the headers stands in the list, with who notices it or why it is kept") {
  OrderList list;
  std::set<std::string> there;
  for (const Weakening& one : model::weakenings()) {
    there.insert(one.key());
    INFO(one.key());
    CHECK((!list.program(one.key()).empty() || list.is_kept(one.key())));
  }
  for (const auto& [key, verdict] : list.verdicts()) {
    INFO("no longer in the headers: " << key << verdict);
    CHECK((there.contains(key) || model::is_given_its_order(key)));
  }
}

TEST_CASE("Model: orders: who is said to notice a weaker one does") {
  const Programs programs(false);
  OrderList list;
  std::size_t noticed = 0;
  for (const auto& [key, met] : programs.met()) {
    const std::string name = list.program(key);
    const model::Case* const program = programs.find(name);
    if (name.empty() || program == nullptr) continue;
    INFO(key << ", by " << name);
    const bool notices = Programs::notices(*program, met);
    CHECK(notices);
    noticed += notices ? 1U : 0U;
  }
  std::printf("%zu weakened orders were noticed\n", noticed);
}

TEST_CASE("Model: orders: who notices each, and that nobody notices what is kept", "[long]") {
  const bool writes = std::getenv("MODEL_ORDERS") != nullptr;
  const char* const part = std::getenv("MODEL_ORDERS_OF");    // of headers with this in their name only
  const char* const most = std::getenv("MODEL_ORDERS_MOST");  // executions of a program
  const std::size_t executions = most != nullptr ? std::stoul(most) : 8'000;
  const Programs programs(true);
  OrderList list;
  for (const auto& [key, met] : programs.met()) {
    if (part != nullptr && key.find(part) == std::string::npos) continue;
    const model::Case* const program = Programs::who_notices(met, executions);
    std::printf("%s: %s\n", key.c_str(), program != nullptr ? program->name.c_str() : "NOT NOTICED");
    std::fflush(stdout);
    if (!writes) {
      INFO(key << (program != nullptr ? ": noticed by " + program->name : ": not noticed"));
      CHECK((program != nullptr) == !list.program(key).empty());
      continue;
    }
    if (program != nullptr)
      list.verdicts()[key] = OrderList::noticed + program->name;
    else if (!list.is_kept(key))
      list.verdicts().erase(key);
  }
  if (writes) write_list(list, programs.met());
}
