# SPDX-License-Identifier: BSL-1.0
# Before docs.awk: how Doxygen sees README.md and the guide. Links to files of the tree become plain text, since the
# documents stand elsewhere, and those to the guide lead to its page.
FILENAME ~ /\.md$/ {
  if (/^```/) in_code = !in_code
  if (FNR == 1 && FILENAME ~ /examples/) $0 = "# Examples and guide {#guide}"
  if (!in_code && /^#/) gsub(/`/, "")  # which Doxygen would show as the tag that it makes of it
  if (!in_code && /^!\[/) {  # a picture, which Doxygen looks for by its name
    gsub(/\]\(examples\//, "](")
    print
    next
  }
  if (!in_code) {
    gsub(/\]\(examples\/README\.md[^)]*\)/, "](@ref guide)")
    while (match($0, /!?\[[^][]*\]\(([A-Za-z0-9_.\/-]+)?(#[a-z-]*)?\)/)) {
      text = substr($0, RSTART, RLENGTH)
      sub(/^!?\[/, "", text)
      sub(/\]\(.*/, "", text)
      $0 = substr($0, 1, RSTART - 1) text substr($0, RSTART + RLENGTH)
    }
  }
  print
  next
}
