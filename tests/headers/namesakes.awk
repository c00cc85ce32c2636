# SPDX-License-Identifier: BSL-1.0
# From the library's headers: a function template of each name that is called there without a namespace, as a program
# might have one beside its types. Whoever calls one of these does not compile.
BEGIN {
  # The language's own, macros, and what the library asks of a program's types on purpose.
  count = split("if while for switch return sizeof alignof decltype noexcept catch requires explicit alignas defined " \
    "throw co_await co_return co_yield typeid delete new asm and or not int char bool void double float unsigned long " \
    "auto volatile operator static_assert const_cast static_cast reinterpret_cast dynamic_cast offsetof sigsetjmp assert va_start va_end va_arg " \
    "begin end size data swap save load serialize get connect start query to_json from_json", words, " ")
  for (i = 1; i <= count; ++i) known[words[i]] = 1
}
{
  line = $0
  sub(/\/\/.*/, "", line)
  while (match(line, /[A-Za-z_][A-Za-z_0-9]*(<[^<>()]*>)?\(/)) {
    before = RSTART > 1 ? substr(line, RSTART - 1, 1) : " "
    name = substr(line, RSTART, RLENGTH - 1)
    line = substr(line, RSTART + RLENGTH)
    sub(/<.*/, "", name)
    if (before ~ /[.:>~A-Za-z_0-9]/ || name !~ /^[a-z]/ || name in known) continue
    known[name] = 1
    names[++found] = name
  }
}
END {
  print "#pragma once\nnamespace program {\nstruct Namesake {};"
  split("A&&|const A&|A&&, B&&|A&&, B&&, C&&|A&&, B&&, C&&, D&&", parameters, "|")
  split("class A|class A|class A, class B|class A, class B, class C|class A, class B, class C, class D", types, "|")
  for (i = 1; i <= found; ++i) {
    for (n = 1; n <= 5; ++n) print "template <" types[n] "> Namesake " names[i] "(" parameters[n] ") = delete;"
    for (n = 1; n <= 3; n += 2) print "template <class T, " types[n] "> Namesake " names[i] "(" parameters[n] ") = delete;"
  }
  print "}  // namespace program"
}
