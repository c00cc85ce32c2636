// SPDX-License-Identifier: BSL-1.0
// Which captures are pointers, and what of.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "mapping.hpp"
#include "number_captures.hpp"
#include "round_trip.hpp"
#include "support/run_program.hpp"

namespace {

using pickle::detail::MemoryKind;
using support::kind_of_pointer;
using support::Mapping;

int variable = 1;
constexpr int constant_table[] = {1, 2, 3};
thread_local int of_thread = 1;

enum class Colour : short { red };
struct Pixel {
  unsigned char r, g, b;
};
struct Mixed {
  char c;
  int* pointer;
  double d;
};

template <class F>
constexpr bool without_pointers(const F&) {
  return pickle::detail::holds_no_pointer<F>;
}

template <class F>
bool is_refused(const F& function, pickle::Audience audience = pickle::Audience::forks) {
  try {
    pickle::detail::Captures<F>::check(function, audience);
    return false;
  } catch (const pickle::PicklingError&) {
    return true;
  }
}

}  // namespace

TEST_CASE("Captures: a closure of numbers is known by its type, whatever the numbers are") {
  const bool b = true;
  const char c = 'c';
  const double d = 1;
  const float f = 1;
  const long n = 2;
  const long double wide = 1;
  const Colour colour = Colour::red;
  const Pixel pixel{};
  const std::array<double, 4> row{};
  const int table[2][3] = {};
  const std::chrono::seconds time{};
  const std::array<char, 40000> large{};
  CHECK(without_pointers([c, d] { return c + d; }));
  CHECK(without_pointers([b, c, n, f, d] { return b + c + n + f + d; }));
  CHECK(without_pointers([n, colour, pixel] { return n + static_cast<int>(colour) + pixel.r; }));
  CHECK(without_pointers([row, &copy = std::as_const(n)] { return row[0]; }) == false);  // a reference
  CHECK(without_pointers([row, table] { return row[0] + table[0][0]; }));
#if defined(__clang__)  // GCC tells nothing of what has private members
  CHECK(without_pointers([time, n] { return time.count() + n; }));
#else
  CHECK_FALSE(is_refused([time, n] { return time.count() + n; }));
#endif
  CHECK(without_pointers([large] { return large[0]; }));
  static_cast<void>(wide);

  int local = 0;
  int* const p = &local;
  int* const pointers[2] = {p, p};
  const std::array<int*, 2> standard{p, p};
  const Mixed mixed{c, p, d};
  const auto inner = [p] { return p; };
  CHECK_FALSE(without_pointers([p] { return p; }));
  CHECK_FALSE(without_pointers([c, n, p] { return p + c + n; }));
  CHECK_FALSE(without_pointers([pointers] { return pointers[0]; }));
  CHECK_FALSE(without_pointers([n, standard] { return standard[0] + n; }));
  CHECK_FALSE(without_pointers([mixed] { return mixed.pointer; }));
  CHECK_FALSE(without_pointers([inner] { return inner(); }));
  CHECK_FALSE(without_pointers([view = std::string_view("x")] { return view.size(); }));
}

TEST_CASE("Captures: every pointer is found, wherever it stands") {
  const auto heap = std::make_unique<int>(1);
  int* const p = heap.get();
  const char c = 'c';
  const double d = 1;
  const std::int32_t i = 1;
  int* const pointers[2] = {nullptr, p};
  const std::array<int*, 2> standard{nullptr, p};
  const Mixed mixed{c, p, d};
  const auto inner = [c, p] { return p + c; };
  CHECK(is_refused([p] { return p; }));
  CHECK(is_refused([c, p] { return p + c; }));
  CHECK(is_refused([i, c, d, p, c2 = c] { return p + c + i + static_cast<int>(d) + c2; }));
  CHECK(is_refused([pointers] { return pointers[0]; }));
  CHECK(is_refused([standard, c] { return standard[0] + c; }));
  CHECK(is_refused([mixed] { return mixed.pointer; }));
  CHECK(is_refused([d, inner] { return inner() + static_cast<int>(d); }));
  CHECK(is_refused([d, o = std::optional<int*>(p)] { return *o + static_cast<int>(d); }));
  CHECK(is_refused([v = std::string_view(reinterpret_cast<const char*>(p), 1)] { return v[0]; }));
  CHECK(is_refused([f = stdout] { return f; }));
  CHECK(is_refused([p]() mutable { return ++*p; }));
  CHECK_FALSE(is_refused([o = std::optional<int*>()] { return o.has_value(); }));
}

TEST_CASE("Captures: pointers in arrays are found beside private members and in large closures, too") {
  const auto heap = std::make_unique<int>(1);
  int* const p = heap.get();
  int* const pointers[2] = {nullptr, p};
  const std::array<int*, 2> standard{nullptr, p};
  const std::string_view view(reinterpret_cast<const char*>(p), 1);
  const std::array<std::string_view, 2> views{view, view};
  const std::chrono::seconds time{1};
  const std::array<double, 100> row{};
  const std::array<double, 7000> large{};
  CHECK(is_refused([views] { return views[0].size(); }));
  CHECK(is_refused([views, time] { return views[0].size() + static_cast<std::size_t>(time.count()); }));
  CHECK(is_refused([pointers, time] { return pointers[0] + time.count(); }));
  CHECK(is_refused([standard, time] { return standard[0] + time.count(); }));
  CHECK(is_refused([row, pointers] { return pointers[0] + static_cast<int>(row[0]); }));
  CHECK(is_refused([large, standard] { return standard[0] + static_cast<int>(large[0]); }));
  CHECK(without_pointers([large] { return large[0]; }));
}

TEST_CASE("Captures: of a variant what it holds is looked at, and nothing that it held before") {
  const auto heap = std::make_unique<int>(1);
  int* const p = heap.get();
  std::variant<int*, double> either = p;
  std::variant<std::monostate, Mixed> mixed = Mixed{'c', p, 1};
  CHECK(is_refused([either] { return either.index(); }));
  CHECK(is_refused([mixed, c = 'c'] { return mixed.index() + (c == 'c'); }));
  CHECK(is_refused([o = std::optional(either)] { return o.has_value(); }));
  either = 1.0;
  CHECK_FALSE(is_refused([either] { return either.index(); }));
#if defined(__clang__)  // GCC does not tell of its words what they are
  mixed = std::monostate();
  CHECK_FALSE(is_refused([mixed] { return mixed.index(); }));
#endif
}

TEST_CASE("Captures: a number beside a pointer is no pointer, even with the value of one") {
  const auto heap = std::make_unique<int>(1);
  const auto address = reinterpret_cast<std::uintptr_t>(heap.get());
  const auto low = static_cast<std::int32_t>(address & 0xffffffff);
  const auto high = static_cast<std::int32_t>(address >> 32);
  const char* const text = "text";
  const double real = std::bit_cast<double>(address);
  CHECK_FALSE(is_refused([address] { return address; }));
  CHECK_FALSE(is_refused([text, address] { return address + (text != nullptr); }));
  CHECK_FALSE(is_refused([low, high, text] { return text[0] + low + high; }));
  CHECK_FALSE(is_refused([real, text, address] { return real + static_cast<double>(address) + text[0]; }));
  CHECK_FALSE(is_refused([table = std::array{address, address}, text] { return table[0] + (text != nullptr); }));
}

TEST_CASE("Captures: padding is never looked at") {
  const auto closure = [](char c, double d) { return [c, d] { return c + d; }; };
  const auto with_pointer = [](char c, const char* text, int i) { return [c, text, i] { return c + text[0] + i; }; };
  const auto first = closure('c', 1);
  const auto second = with_pointer('c', "text", 1);
  const auto with_words = []<class F>(const F& function, std::initializer_list<std::size_t> words) {
    int local = 0;
    const auto address = reinterpret_cast<std::uintptr_t>(&local);
    alignas(F) std::byte place[sizeof(F)];
    std::memcpy(place, &function, sizeof(F));
    for (const std::size_t word : words) std::memcpy(place + word * sizeof address, &address, sizeof address);
    return is_refused(*std::launder(reinterpret_cast<F*>(place)));
  };
  static_assert(sizeof first == 16 && sizeof second == 24);
  CHECK_FALSE(with_words(first, {0}));      // the character, and seven bytes that nobody set
  CHECK_FALSE(with_words(second, {0, 2}));  // and a number with four
  CHECK(with_words(second, {1}));
}

TEST_CASE("Captures: stacks, heap, variables and private mappings are this process's own") {
  int local = 1;
  CHECK(kind_of_pointer(&local) == MemoryKind::own);
  CHECK(kind_of_pointer(&variable) == MemoryKind::own);
  CHECK(kind_of_pointer(&of_thread) == MemoryKind::own);
  CHECK(kind_of_pointer(stdout) == MemoryKind::own);
  const auto small = std::make_unique<int>(1);
  const auto large = std::make_unique<std::array<char, 10'000'000>>();
  CHECK(kind_of_pointer(small.get()) == MemoryKind::own);
  CHECK(kind_of_pointer(large->data() + 9'000'000) == MemoryKind::own);
  std::thread([&local] { CHECK(kind_of_pointer(&local) == MemoryKind::own); }).join();
  const Mapping mapping(PROT_READ | PROT_WRITE, MAP_PRIVATE);
  CHECK(kind_of_pointer(mapping.address()) == MemoryKind::own);
}

TEST_CASE("Captures: constants, functions and shared mappings are not") {
  CHECK(kind_of_pointer(nullptr) == MemoryKind::none);
  CHECK(kind_of_pointer("text") == MemoryKind::constant);
  CHECK(kind_of_pointer(constant_table) == MemoryKind::constant);
  CHECK(kind_of_pointer(reinterpret_cast<const void*>(&kind_of_pointer)) == MemoryKind::constant);
  CHECK(kind_of_pointer(reinterpret_cast<const void*>(&std::abort)) == MemoryKind::constant);
  const Mapping shared(PROT_READ | PROT_WRITE, MAP_SHARED);
  CHECK(kind_of_pointer(static_cast<char*>(shared.address()) + Mapping::size - 1) == MemoryKind::shared);
  const Mapping read_only(PROT_READ, MAP_PRIVATE);
  CHECK(kind_of_pointer(read_only.address()) == MemoryKind::constant);
  const int before = errno = EBUSY;
  CHECK(kind_of_pointer(reinterpret_cast<const void*>(std::uintptr_t{0x1234'5678'9000})) == MemoryKind::none);
  CHECK(errno == before);
}

TEST_CASE("Captures: what memory is, is asked anew each time") {
  const Mapping mapping(PROT_READ | PROT_WRITE, MAP_SHARED);
  CHECK(kind_of_pointer(mapping.address()) == MemoryKind::shared);
  REQUIRE(::mmap(mapping.address(), Mapping::size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                 0) == mapping.address());
  CHECK(kind_of_pointer(mapping.address()) == MemoryKind::own);
  REQUIRE(::mprotect(mapping.address(), Mapping::size, PROT_READ) == 0);
  CHECK(kind_of_pointer(mapping.address()) == MemoryKind::constant);
}

TEST_CASE("Captures: many threads ask at once, while mappings come and go") {
  const auto heap = std::make_unique<int>(1);
  const Mapping shared(PROT_READ | PROT_WRITE, MAP_SHARED);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        void* const other = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (kind_of_pointer(heap.get()) != MemoryKind::own) ++wrong;
        if (kind_of_pointer(shared.address()) != MemoryKind::shared) ++wrong;
        ::munmap(other, 1 << 20);
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}

TEST_CASE("Captures: a fresh image has the program's functions and constants, and nothing else") {
  const char* const text = "text";
  const auto closure = [text] { return text[0]; };
  CHECK_FALSE(is_refused(closure, pickle::Audience::forks));
  CHECK_FALSE(is_refused(closure, pickle::Audience::fresh_images));
  CHECK_FALSE(is_refused([f = &kind_of_pointer] { return f(nullptr); }, pickle::Audience::fresh_images));
  const Mapping shared(PROT_READ | PROT_WRITE, MAP_SHARED);
  CHECK(is_refused([p = shared.address()] { return p; }, pickle::Audience::fresh_images));
}

TEST_CASE("Captures: a million random closures of numbers are not refused") { CHECK(refused_numbers(1'000'000) == 0); }

TEST_CASE("Captures: a hundred million random closures of numbers are not refused", "[long]") {
  CHECK(refused_numbers(100'000'000) == 0);
}

TEST_CASE("Captures: numbers are numbers in an executable at a fixed address, too") {
  const support::Ran ran = support::run_program({support::own_folder() + "/programs/numbers_no_pie", "1000000"});
  CHECK(ran.status == 0);
  CHECK(ran.out == "fixed 0");
}

TEST_CASE("Captures: a hundred million numbers in an executable at a fixed address", "[long]") {
  const support::Ran ran = support::run_program({support::own_folder() + "/programs/numbers_no_pie", "100000000"},
                                                std::chrono::seconds(600));
  CHECK(ran.status == 0);
  CHECK(ran.out == "fixed 0");
}
