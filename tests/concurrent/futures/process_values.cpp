// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: what travels to a worker and back.
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;
using support::contains;

namespace {

struct Point {
  int x = 0;
  int y = 0;
  std::string name;
  bool operator==(const Point&) const = default;
};

struct Scene {
  std::vector<Point> points;
  std::map<std::string, std::optional<double>> weights;
  std::variant<int, std::string> tag;
  bool operator==(const Scene&) const = default;
};

Scene mirrored(Scene scene) {
  for (Point& point : scene.points) std::swap(point.x, point.y);
  return scene;
}

/// Where the bytes lie that a task sees: in the shared memory when they are not copied.
bool in_shared_memory(const void* data) {
  const std::string maps = support::read_text("/proc/self/maps");
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  for (std::size_t at = 0; at < maps.size();) {
    const std::size_t end = maps.find('\n', at);
    const std::string line = maps.substr(at, end - at);
    unsigned long first = 0;
    unsigned long last = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &first, &last) == 2 && first <= address && address < last)
      return contains(line, "memfd:");
    at = end + 1;
  }
  return false;
}

std::uint64_t sum_of_span(std::span<const std::uint32_t> numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}

std::vector<char> pattern(std::size_t size) {
  std::vector<char> bytes(size);
  for (std::size_t i = 0; i < size; i += 509) bytes[i] = static_cast<char>(i % 127);
  return bytes;
}

struct Fixed {
  const int number;
  const double weight;
};

/// A type that refuses to be pickled, or to be unpickled.
struct Fussy {
  int value = 0;
  template <class Archive>
  void save(Archive& ar) const {
    if (value == 1) throw std::logic_error("not today");
    ar(value);
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(value);
    if (value == 2) throw std::logic_error("not here");
  }
};

}  // namespace

EACH_PROCESS_POOL("submit: nested aggregates travel both ways with no code of their own") {
  auto pool = kind.pool(1);
  const Scene scene{{{1, 2, "a"}, {3, 4, std::string(1000, 'b')}}, {{"w", 0.5}, {"none", std::nullopt}}, "tag"};
  CHECK(pool.submit(mirrored, scene).result() == mirrored(scene));
}

EACH_PROCESS_POOL("submit: a function sees string_view and span arguments in place") {
  auto pool = kind.pool(1);
  const std::string text(100'000, 't');
  auto view = pool.submit(
      [](std::string_view seen) { return std::pair(in_shared_memory(seen.data()), std::string(seen)); }, text);
  CHECK(view.result().first);
  CHECK(view.result().second == text);
  std::vector<std::uint32_t> numbers(100'000);
  std::iota(numbers.begin(), numbers.end(), 0U);
  CHECK(pool.submit(sum_of_span, std::span<const std::uint32_t>(numbers)).result() == 4'999'950'000U);
  CHECK(pool.submit(
                [](std::span<const std::uint32_t> seen) {
                  return in_shared_memory(seen.data()) && reinterpret_cast<std::uintptr_t>(seen.data()) % 4 == 0;
                },
                std::span<const std::uint32_t>(numbers))
            .result());
  CHECK(pool.submit([](std::string_view word) { return word.size(); }, "literal").result() == 7);
}

EACH_PROCESS_POOL("submit: arguments and results of any size arrive whole") {
  auto pool = kind.pool(2);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65}, std::size_t{4095},
        std::size_t{4096}, std::size_t{70'000}, std::size_t{1'000'003}, std::size_t{33'000'000}}) {
    auto echoed = pool.submit([](std::vector<char> bytes) { return bytes; }, pattern(size));
    CHECK((echoed.result() == pattern(size)));
  }
}

EACH_PROCESS_POOL("submit: 300 MB go there and come back") {
  auto pool = kind.pool(1);
  constexpr std::size_t size = 300'000'000 / support::slowness;
  CHECK(pool.submit([](std::span<const char> bytes) { return bytes.size(); }, std::span<const char>(pattern(size)))
            .result() == size);
  auto large = pool.submit(pattern, size);
  CHECK(large.result().size() == size);
  CHECK(large.result()[508 * 509] == static_cast<char>(508 * 509 % 127));
}

EACH_PROCESS_POOL("submit: large values again and again use the same memory again") {
  auto pool = kind.pool(1);
  const auto resident = [] { return std::stol(support::status_field("self", "RssShmem")); };
  const auto round = [&] {
    auto echoed = pool.submit([](std::vector<char> bytes) { return bytes; }, pattern(8'000'000));
    CHECK(echoed.result().size() == 8'000'000);
  };
  for (int i = 0; i < 3; ++i) round();
  const long after_three = resident();
  for (int i = 0; i < 30; ++i) round();
  CHECK(resident() < after_three + 20'000);  // kB: far less than thirty times 8 MB
}

EACH_PROCESS_POOL("submit: a move-only result and one without a default constructor arrive") {
  auto pool = kind.pool(1);
  auto moved = pool.submit([](int n) { return std::make_unique<int>(n); }, 42);
  CHECK(*std::move(moved).result() == 42);
  auto owned = pool.submit([](std::unique_ptr<int> p) { return *p; }, std::make_unique<int>(7));
  CHECK(owned.result() == 7);
}

EACH_PROCESS_POOL("submit: results in a vector need be neither assignable nor default-constructible") {
  auto pool = kind.pool(1);
  const auto result = pool.submit([] { return std::vector<Fixed>{{1, 2.5}, {3, 4.5}}; }).result();
  CHECK(result[1].number == 3);
  CHECK(result[1].weight == 4.5);
}

EACH_PROCESS_POOL("submit: an element of a vector of bools is a bool") {
  std::vector<bool> flags{true, false};
  auto pool = kind.pool(1);
  CHECK_FALSE(pool.submit([](bool flag) { return !flag; }, flags[0]).result());
  CHECK(pool.submit([](bool flag) { return !flag; }, flags[1]).result());
}

EACH_PROCESS_POOL("submit: exceptions as values, and a variable that points to text") {
  auto pool = kind.pool(1);
  const auto failed = pool.submit(
      [](const std::runtime_error& error) -> std::variant<int, std::logic_error> {
        return std::logic_error(error.what());
      },
      std::runtime_error("why"));
  CHECK(std::get<1>(failed.result()).what() == std::string("why"));
  const char* const text = "text";
  CHECK(pool.submit([](const std::string& given) { return given.size(); }, text).result() == 4);
}

EACH_PROCESS_POOL("submit: an argument that fails to pickle fails its own future only") {
  auto pool = kind.pool(1);
  auto bad = pool.submit([](Fussy fussy) { return fussy.value; }, Fussy{1});
  auto good = pool.submit([](Fussy fussy) { return fussy.value; }, Fussy{7});
  CHECK(contains(support::text_of(bad.exception()), "not today"));
  CHECK(good.result() == 7);
  CHECK(pool.statistics().workers_lost == 0);
}

EACH_PROCESS_POOL("submit: an argument that fails to unpickle fails its own future only") {
  auto pool = kind.pool(1);
  auto bad = pool.submit([](Fussy fussy) { return fussy.value; }, Fussy{2});
  auto good = pool.submit([](Fussy fussy) { return fussy.value; }, Fussy{7});
  CHECK(contains(support::text_of(bad.exception()), "not here"));
  CHECK(good.result() == 7);
}

EACH_PROCESS_POOL("submit: a result that fails to pickle or unpickle fails its own future only") {
  auto pool = kind.pool(1);
  auto unpicklable = pool.submit([](int n) { return Fussy{n}; }, 1);
  auto unreadable = pool.submit([](int n) { return Fussy{n}; }, 2);
  auto good = pool.submit([](int n) { return Fussy{n}; }, 3);
  CHECK(contains(support::text_of(unpicklable.exception()), "not today"));
  CHECK(contains(support::text_of(unreadable.exception()), "not here"));
  CHECK(good.result().value == 3);
}

EACH_PROCESS_POOL("submit: a captured pointer into the caller's stack throws PicklingError at once") {
  auto pool = kind.pool(1);
  int local = 3;
  int* const pointer = &local;
  CHECK_THROWS_AS(pool.submit([pointer] { return *pointer; }), cf::PicklingError);
  CHECK(pool.submit([] { return 5; }).result() == 5);
}

namespace {

/// A program's own serialisation: ours, with a mark before each value, and counted.
struct Marked {
  static inline int dumped = 0;
  template <class T>
  static void dump(pickle::Writer& writer, const T& value) {
    ++dumped;
    pickle::Pickle::dump(writer, std::uint32_t{0x4D41524B});
    pickle::Pickle::dump(writer, value);
  }
  template <class T>
  static T load(pickle::Reader& reader) {
    if (pickle::Pickle::load<std::uint32_t>(reader) != 0x4D41524B) throw pickle::UnpicklingError("no mark");
    return pickle::Pickle::load<T>(reader);
  }
};

}  // namespace

EACH_PROCESS_POOL("BasicProcessPoolExecutor: a program's own Serializer carries arguments and results") {
  Marked::dumped = 0;
  cf::BasicProcessPoolExecutor<Marked> pool(kind.with_context({.max_workers = 1}));
  CHECK(pool.submit([](int a, std::string b) { return b + std::to_string(a); }, 7, std::string("n")).result() == "n7");
  CHECK(Marked::dumped == 2);
  CHECK(pool.map([](int n) { return n + 1; }, std::vector{1, 2, 3}, {.chunksize = 2}).to_vector() ==
        std::vector{2, 3, 4});
  CHECK_THROWS_AS(pool.submit([](int) -> int { throw std::out_of_range("own"); }, 1).result(), std::out_of_range);
}
