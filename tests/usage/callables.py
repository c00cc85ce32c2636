# SPDX-License-Identifier: BSL-1.0
"""The callables of the matrix, one a line: see usage.py.

`text` declares it; `call` is the expression that is handed to the entry point. In both, A is the type of the parameter,
R that of the result and BODY the expression that looks at the argument `v` and gives the result. `first` is an argument
that stands before (for member functions, of type `first_type`). `only` names the types it can be called with.
"""
from collections import namedtuple

Callable = namedtuple("Callable", "name text call first first_type only binary")


def callable_(name, text, call, first="", first_type="", only=None, binary=False):
    return Callable(name, text, call, first, first_type, only, binary)


ADDS = ("int", "double", "std::string", "std::complex<double>", "std::chrono::milliseconds")


def capture(kind, declaration, captures, holds):
    """A lambda that captures by value what `declaration` declares; `holds` is true where it has arrived."""
    text = f'auto callable() {{ {declaration} return [{captures}](A v) -> R {{ usage::expect({holds}, "a capture is not what it was"); return BODY; }}; }}'
    return callable_("captures " + kind, text, "callable()")


CALLABLES = [
    callable_("function", "R call(A v) { return BODY; }", "call"),
    callable_("function pointer", "R call(A v) { return BODY; }\nR (*const pointer)(A) = &call;", "pointer"),
    callable_("static function", "static R call(A v) { return BODY; }", "call"),
    callable_("member function", "struct Owner { int k; R call(A v) const { usage::expect(k == 3, \"the object is another\"); return BODY; } };", "&Owner::call", "Owner{3}", "Owner"),
    callable_("static member function", "struct Owner { static R call(A v) { return BODY; } };", "Owner::call"),
    callable_("noexcept member function", "struct Owner { int k; R call(A v) noexcept { return BODY; } };", "&Owner::call", "Owner{3}", "Owner"),
    callable_("captureless lambda", "", "[](A v) -> R { return BODY; }"),
    callable_("mutable lambda", "auto callable() { int k = 1; return [k](A v) mutable -> R { ++k; return BODY; }; }", "callable()"),
    callable_("generic lambda", "auto callable() { return [](auto v) -> R { return BODY; }; }", "callable()"),
    callable_("generic lambda by reference", "auto callable() { return [](auto&& v) -> R { return BODY; }; }", "callable()"),
    callable_("generic lambda with a capture", "auto callable() { short k = 7; return [k](auto v) -> R { usage::expect(k == 7, \"a capture\"); return BODY; }; }", "callable()"),
    callable_("noexcept lambda", "", "[](A v) noexcept -> R { return BODY; }"),
    callable_("lambda in a template", "template <class T> auto callable() { return [](T v) -> R { return BODY; }; }", "callable<A>()"),
    callable_("std::plus<>", "", "std::plus<>{}", only=ADDS, binary=True),
    callable_("std::plus<T>", "", "std::plus<A>{}", only=ADDS, binary=True),
    callable_("function object", "struct Call { R operator()(A v) const { return BODY; } };", "Call{}"),
    callable_("function object with state", "struct Call { int k; std::string word; R operator()(A v) const { usage::expect(k == 3 && word == \"a word\", \"the state is another\"); return BODY; } };", "Call{3, \"a word\"}"),
    callable_("function object that serializes", "class Call { int k_ = 0; public: Call() = default; explicit Call(int k) : k_(k) {} template <class Archive> void serialize(Archive& archive) { archive & k_; } R operator()(A v) { usage::expect(k_ == 4, \"the state is another\"); return BODY; } };", "Call(4)"),
    callable_("overloaded operator()", "struct Call { R operator()(A v) const { return BODY; } int operator()() const { return 0; } int operator()(A, A) const { return 1; } };", "Call{}"),
    callable_("operator() const and not", "struct Call { R operator()(A v) const { return BODY; } R operator()(A v) { return BODY; } };", "Call{}"),
    callable_("noexcept function", "R call(A v) noexcept { return BODY; }", "call"),
    callable_("parameter by rvalue reference", "R call(A&& v) { return BODY; }", "call"),
    callable_("default argument, wrapped", "R with_default(A v, int k = 3) { usage::expect(k == 3, \"the default argument is another\"); return BODY; }", "[](A v) { return with_default(std::move(v)); }"),
    callable_("template instance", "template <class T> R call(T v) { return BODY; }", "call<A>"),
    callable_("template instance with a number", "template <class T, int k> R call(T v) { usage::expect(k == 9, \"a number\"); return BODY; }", "&call<A, 9>"),
    callable_("local class", "auto callable() { struct Local { int k = 5; R operator()(A v) const { usage::expect(k == 5, \"the state is another\"); return BODY; } }; return Local{}; }", "callable()"),
    callable_("in an anonymous namespace", "namespace { R call(A v) { return BODY; } }", "call"),
    callable_("function object in an anonymous namespace", "namespace { struct Call { double factor; R operator()(A v) const { usage::expect(factor == 0.5, \"the state is another\"); return BODY; } }; }", "Call{0.5}"),
    callable_("in a header of two files", "inline R call(A v) { return BODY; }", "call"),
    callable_("constexpr function object in a header of two files", "struct Call { R operator()(A v) const { return BODY; } }; inline constexpr Call call{};", "call"),
    capture("a bool", "bool k = true;", "k", "k"),
    capture("a char", "char k = 'x';", "k", "k == 'x'"),
    capture("a std::byte", "std::byte k{7};", "k", "k == std::byte{7}"),
    capture("an int", "int k = -10;", "k", "k == -10"),
    capture("an unsigned long", "unsigned long k = 1ul << 40;", "k", "k == 1ul << 40"),
    capture("a float", "float k = 0.25f;", "k", "k == 0.25f"),
    capture("a double", "double k = 0.1;", "k", "k == 0.1"),
    capture("a long double", "long double k = 0.1L;", "k", "k == 0.1L"),
    capture("an enum", "enum class Colour : short { red = 3 }; Colour k = Colour::red;", "k", "k == Colour::red"),
    capture("a char and a double", "char c = 'c'; double d = 2.5;", "c, d", "c == 'c' && d == 2.5"),
    capture("a bool, a long double and a short", "bool b = true; long double d = 2.5L; short s = 4;", "b, d, s", "b && d == 2.5L && s == 4"),
    capture("an array", "int a[3] = {1, 2, 3};", "a", "a[0] == 1 && a[2] == 3"),
    capture("a std::array", "std::array<double, 2> a{0.5, 1.5};", "a", "a[1] == 1.5"),
    capture("an aggregate", "struct Point { char tag; double x, y; }; Point p{'p', 1, 2};", "p", "p.tag == 'p' && p.y == 2"),
    capture("a function pointer", "int (*f)(int) = [](int n) { return n + 1; };", "f", "f(1) == 2"),
    capture("a member pointer", "struct Point { double x, y; }; double Point::*m = &Point::y;", "m", "m == &Point::y"),
    capture("a null pointer", "int* k = nullptr;", "k", "k == nullptr"),
    capture("a nullptr_t", "std::nullptr_t k = nullptr;", "k", "k == nullptr"),
    capture("a duration", "std::chrono::milliseconds k{5};", "k", "k.count() == 5"),
    capture("a std::complex", "std::complex<float> k{1, 2};", "k", "k.imag() == 2"),
    capture("another lambda", "auto k = [n = 2](int i) { return i * n; };", "k", "k(3) == 6"),
    capture("an initialised one", "", "k = 5u, d = 1.5", "k == 5 && d == 1.5"),
    capture("a std::optional", "std::optional<int> k = 4;", "k", "k == 4"),
    callable_("cf::partial", "R with_more(int k, const A& held, A v) { usage::expect(k == 6 && KIND::same(held, KIND::make()), \"a held argument is another\"); return BODY; }", "usage::cf::partial(with_more, 6, KIND::make())", only=("int", "std::string", "std::vector<double>")),
]
