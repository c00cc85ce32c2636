# SPDX-License-Identifier: BSL-1.0
# awk -v include=FOLDER -f docs.awk HEADER: how Doxygen sees a header: without the inline namespace that versions the
# library, which it takes for a name of its own; with specialisations under their short names; with the members of bases
# that users do not name where users look for them; with the types that functions return which the compiler finds out;
# and with a word on what needs none, the standard library's names and a Pickler's functions.

BEGIN {
  detail = include "/concurrent/futures/detail/"
  home["MapMixin"] = detail "map/map_mixin.hpp"
  home["ExecutorBase"] = detail "pool/executor_base.hpp"
  home["FutureHandle"] = detail "future/future_handle.hpp"
  home["NodePoolMembers"] = detail "nodes/node_pool_members.hpp"
  home["ProxyBase"] = include "/concurrent/multiprocessing/detail/proxy_base.hpp"
  home["BasicLock"] = include "/concurrent/multiprocessing/lock.hpp"
}

# What a call of submit or map returns, from the line that declares its template parameters.
function result_of(parameters, what) {
  sub(/^ *template <class Function, /, "", parameters)
  sub(/>$/, "", parameters)
  gsub(/class(\.\.\.)? /, "", parameters)
  if (what == "submit") return "Future<std::invoke_result_t<Function, Args...>>"
  if (parameters == "Ranges") return "MapResult<std::invoke_result_t<Function, std::ranges::range_value_t<Ranges>...>>"
  if (parameters != "Item") {
    gsub(/Range[0-9]?/, "std::ranges::range_value_t<&>", parameters)
  }
  return "MapResult<std::invoke_result_t<Function, " parameters ">>"
}

function shown(line) {
  if (line ~ /^namespace /) sub(/::inline v0/, "", line)
  sub(/^struct concurrent::pickle::Pickler</, "struct Pickler<", line)
  if (line ~ /^  auto submit\(/) sub(/auto/, result_of(previous, "submit"), line)
  if (line ~ /^  auto try_submit\(/) sub(/auto/, "std::optional<" result_of(previous, "submit") ">", line)
  if (line ~ /^  auto map(_unordered)?\(/) {
    type = result_of(previous, "map")
    gsub(/&/, "\\\\&", type)
    sub(/auto/, type, line)
  }
  if (line ~ /^ +using [A-Za-z]+ = .*detail::/) sub(/= .*;/, "= implementation_defined;", line)
  if (line ~ /^namespace (.*::)?detail {/) in_detail = 1
  if (line ~ /^}  \/\/ namespace/) in_detail = 0
  if (in_detail && line ~ /^(class|struct) .* : .*{$/) sub(/ : .*{$/, " {", line)
  if (line ~ /^struct Pickler</) in_pickler = 1
  if (line ~ /^};/) in_pickler = 0
  if (previous !~ /^ *\/\/\// && previous !~ /^ *template/ && line !~ /\/\/\//) {
    if (line ~ /^ +using (value_type|difference_type|iterator_concept) = / || line ~ /void operator\+\+\(int\)/ ||
        line ~ / (size|empty|data|begin|end|capacity)\(\) (const )?noexcept/ ||
        line ~ /explicit operator bool\(\)/ || line ~ /operator==\(/ || line ~ /^  [A-Za-z].*&\) noexcept = default;/)
      return "/** As the standard library's. */ " line
    if (in_pickler && line ~ /^  static .*(dump|load)\(/) return "/** As every Pickler's. */ " line
    if (in_pickler && line ~ /^  using [A-Za-z]+ = /) return "/** For short. */ " line
    if (line ~ /^  explicit [A-Za-z]+\(const std::string& what\)/) return "/** From the text that what() gives. */ " line
    if (in_base && line ~ /^  (template|[^ ].*\(.*\).*{$|[^ ].*\(.*\).*{.*}$)/) return "/** The same, in another form. */ " line
  }
  return line
}

# The public members of a base, and of its own base.
function print_members(base, file, line, inside) {
  file = home[base]
  while ((getline line < file) > 0) {
    if (line ~ "^class " base) {
      inside = 1
      bases = bases line
    }
    if (!inside || line ~ /^class / || line ~ /^ public:/) continue
    if (line ~ /^ (protected|private):/ || line ~ /^};/) break
    if (line ~ "^  ~?" base "[^a-z]" || line ~ /operator(==|=|<=>)/ || line ~ /friend/) {
      skipping = line ~ /{$/
      continue
    }
    if (skipping) {
      skipping = line !~ /^  }/
      continue
    }
    in_base = 1
    print shown(line)
    if (line != "") previous = line
    in_base = 0
  }
  close(file)
}

# A class with bases that users do not name, maybe on two lines.
/^class [A-Za-z_]+ .*: .*detail::/ && !/{$/ { head = head $0; next }
head != "" || /^(class|struct) .*: (public )?.*detail::.*{$/ {
  $0 = head $0
  head = ""
  bases = $0
  sub(/ : .*{$/, " {")
  print
  previous = $0
  pending = bases
  next
}
pending != "" && /^ public:/ {
  print
  bases = pending
  pending = ""
  previous = ""
  for (round = 0; round < 3; ++round) {
    for (base in home) {
      if (bases !~ base || base in done) continue
      done[base] = 1
      print_members(base)
    }
  }
  previous = ""
  delete done
  next
}
{
  print shown($0)
  previous = $0
}
