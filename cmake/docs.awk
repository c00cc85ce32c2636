# SPDX-License-Identifier: BSL-1.0
# How Doxygen sees a header: without the inline namespace that versions the library, which it takes for a name of its
# own; with specialisations under their short names; and with a word on what needs none, the standard library's names
# and a Pickler's functions.
{
  sub(/::inline v0 {/, " {")
  sub(/^struct concurrent::pickle::Pickler</, "struct Pickler<")
  if (/^struct Pickler</) in_pickler = 1
  if (/^};/) in_pickler = 0
  line = $0
  if (previous !~ /^ *\/\/\// && previous !~ /^ *template/ && line !~ /\/\/\//) {
    if (line ~ /^ +using (value_type|difference_type|iterator_concept) = / || line ~ /void operator\+\+\(int\)/ ||
        line ~ / (size|empty|data|begin|end|capacity)\(\) (const )?noexcept/ ||
        line ~ /explicit operator bool\(\)/ || line ~ /operator==\(/ || line ~ /^  [A-Za-z].*&\) noexcept = default;/)
      line = "/** As the standard library's. */ " line
    else if (in_pickler && line ~ /^  static .*(dump|load)\(/)
      line = "/** As every Pickler's. */ " line
    else if (in_pickler && line ~ /^  using [A-Za-z]+ = /)
      line = "/** For short. */ " line
    else if (line ~ /^  explicit [A-Za-z]+\(const std::string& what\)/)
      line = "/** From the text that what() gives. */ " line
  }
  print line
  previous = $0
}
