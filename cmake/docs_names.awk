# SPDX-License-Identifier: BSL-1.0
# awk -f docs_names.awk TAGS HEADER…: names in namespace scope, and types within classes, that the headers declare and
# Doxygen's tag file does not have. One that is left out altogether has no warning of Doxygen's.
NR == FNR {
  line = $0
  while (match(line, /<name>[^<]*<\/name>/)) {
    name = substr(line, RSTART + 6, RLENGTH - 13)
    line = substr(line, RSTART + RLENGTH)
    gsub(/&lt;.*|.*::| /, "", name)
    known[name] = 1
  }
  next
}
FNR == 1 { internal = private = 0 }
/^namespace (.*::)?detail {/ { internal = 1 }
/^}  \/\/ namespace/ { internal = 0 }
/^(class|struct) / { private = 0 }
/^ private:/ { private = 1 }
/^};/ { private = 0 }
internal || /^ *(\/\/|#|}|friend )|::Pickler<|std::formatter<|std::hash</ { next }
{
  name = ""
  if (!private && match($0, /^(  )?(class|struct|enum class) [A-Za-z_]+( final)?( :|:| {|<)/)) {
    name = substr($0, RSTART, RLENGTH)
    sub(/^ *(class|struct|enum class) /, "", name)
  } else if (match($0, /^concept [A-Za-z_]+/) || match($0, /^using [A-Za-z_]+ =/)) {
    name = substr($0, RSTART, RLENGTH)
    sub(/^(concept|using) /, "", name)
  } else if (/^(inline )?constexpr [^(]*=/) {
    name = $0
    sub(/( =|{).*/, "", name)
    sub(/.* /, "", name)
  } else if (/^[A-Za-z][A-Za-z_0-9:<>&*,. ]* [&*]*[a-z_A-Z]+\(/ && !/^(static_assert|template|return|extern|class|struct) /) {
    name = $0
    sub(/\(.*/, "", name)
    if (name ~ /operator|::[a-zA-Z_]+$/) next
    sub(/.*[ &*]/, "", name)
  }
  sub(/[^A-Za-z_0-9].*/, "", name)
  if (name == "") next
  ++looked_at
  if (!(name in known)) {
    print FILENAME ":" FNR ": " name " is not in the documents"
    missing = 1
  }
}
END {
  print looked_at + 0 " names looked at"
  exit missing || looked_at < 100
}
