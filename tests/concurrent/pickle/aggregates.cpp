// SPDX-License-Identifier: BSL-1.0
// Aggregates of every make: each arrives equal. Those that cannot are refused: see compile_fail/pickle_*.cpp.
#include "round_trip.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

// Has no default constructor.
struct Range {
  Range(int f, int l) : first(f), last(l) {}
  int first, last;
  bool operator==(const Range&) const = default;
};

// Its default constructor is explicit.
struct Explicit {
  explicit Explicit() = default;
  int number = 0;
  bool operator==(const Explicit& other) const { return number == other.number; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number);
  }
};

// Can be made from anything that can be copied, as std::any.
struct FromCopyable {
  FromCopyable() = default;
  template <class T>
    requires(!std::is_same_v<std::decay_t<T>, FromCopyable> && std::is_copy_constructible_v<std::decay_t<T>>)
  FromCopyable(T&&) : number(-1) {}
  int number = 0;
  bool operator==(const FromCopyable& other) const { return number == other.number; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number);
  }
};

// Can be made from anything but its own kind.
struct FromAnything {
  FromAnything() = default;
  template <class T>
    requires(!std::is_same_v<std::decay_t<T>, FromAnything>)
  FromAnything(T&&) : number(-1) {}
  int number = 0;
  bool operator==(const FromAnything& other) const { return number == other.number; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number);
  }
};

// How many there are.
struct Counted {
  explicit Counted(int n) : number(n) { ++alive; }
  Counted(const Counted& other) : number(other.number) { ++alive; }
  ~Counted() { --alive; }
  Counted& operator=(const Counted&) = delete;
  bool operator==(const Counted&) const = default;
  int number;
  inline static int alive = 0;
};

}  // namespace

template <>
struct concurrent::pickle::Pickler<Range> {
  static void dump(Writer& writer, const Range& range) {
    pickle::dump(writer, range.first);
    pickle::dump(writer, range.last);
  }
  static Range load(Reader& reader) {
    const int first = pickle::load<int>(reader);
    return {first, pickle::load<int>(reader)};
  }
};

template <>
struct concurrent::pickle::Pickler<Counted> {
  static void dump(Writer& writer, const Counted& value) { pickle::dump(writer, value.number); }
  static Counted load(Reader& reader) { return Counted(pickle::load<int>(reader)); }
};

// An aggregate of the members, which stand in parentheses; the rest is its value.
#define MEMBERS(...) __VA_ARGS__
#define CHECK_AGGREGATE(members, ...)                                    \
  do {                                                                   \
    struct Aggregate {                                                   \
      MEMBERS members bool operator==(const Aggregate&) const = default; \
    };                                                                   \
    const Aggregate value{__VA_ARGS__};                                  \
    check_round_trip(value);                                             \
  } while (false)

TEST_CASE("aggregates: of scalars and of classes") {
  CHECK_AGGREGATE((int a;), 1);
  CHECK_AGGREGATE((std::string a;), "one");
  CHECK_AGGREGATE((int a; std::string b; double c;), 1, "two", 3.0);
  CHECK_AGGREGATE((std::optional<int> a; std::vector<std::string> b;), 7, {"x", "y"});
  CHECK_AGGREGATE((std::variant<int, std::string> a; std::map<int, std::string> b;), "v", {{1, "one"}, {2, "two"}});
  CHECK_AGGREGATE((std::tuple<int, std::string> a; std::pair<const int, std::string> b;), {1, "t"}, {2, "p"});
}

TEST_CASE("aggregates: of arrays") {
  CHECK_AGGREGATE((int a[3];), {1, 2, 3});
  CHECK_AGGREGATE((std::string a[3];), {"a", "b", "c"});
  CHECK_AGGREGATE((int a[2][3]; bool b[2][2]; std::string c[2][2];), {{1, 2, 3}, {4, 5, 6}}, {{true}}, {{"x"}, {"y"}});
  CHECK_AGGREGATE((int a; char b[16]; std::string c; double d[2];), 1, "text", "more", {1, 2});
  CHECK_AGGREGATE((std::array<std::string, 3> a; int b;), {"a", "b", "c"}, 4);
  CHECK_AGGREGATE((std::array<std::array<std::string, 2>, 20> a; std::string b[2];), {{{"a", "b"}}}, {"c"});
  CHECK_AGGREGATE((std::vector<int> a[2]; std::optional<std::string> b[2];), {{1, 2}, {3}}, {"o"});
}

namespace {
struct Pixel {
  unsigned char r, g, b;
  bool operator==(const Pixel&) const = default;
};
struct Grid {
  double cell[4];
  std::vector<Pixel> pixels;
  Pixel corners[2];
  bool operator==(const Grid&) const = default;
};
struct Page {
  Range range;
  Grid grids[2];
  Pixel pixel;
  bool operator==(const Page&) const = default;
};
}  // namespace

TEST_CASE("aggregates: of arrays of aggregates, in an anonymous namespace") {
  const Grid grid{{1, 2, 3, 4}, {{1, 2, 3}, {4, 5, 6}}, {{7, 8, 9}}};
  check_round_trip(grid);
  check_round_trip(Page{{1, 2}, {grid, grid}, {1, 2, 3}});
}

namespace {
struct Screen {
  char buffer[65536];
  std::string title;
  bool operator==(const Screen&) const = default;
};
struct Screens {
  std::array<Screen, 4> all;
  std::string titles[3000];
  std::array<std::string, 3000> others;
  bool operator==(const Screens&) const = default;
};
}  // namespace

TEST_CASE("aggregates: of long arrays") {
  auto screen = std::make_unique<Screen>();
  screen->buffer[65535] = 'x';
  screen->title = "title";
  CHECK(*std::make_unique<Screen>(there_and_back(*screen)) == *screen);
  auto screens = std::make_unique<Screens>();
  screens->all[3] = *screen;
  screens->titles[2999] = "last";
  screens->others[2999] = "last, too";
  CHECK(*std::make_unique<Screens>(there_and_back(*screens)) == *screens);
}

TEST_CASE("aggregates: with const members") {
  CHECK_AGGREGATE((const int a; const std::string b; int c;), 1, "two", 3);
  CHECK_AGGREGATE((const int a; std::string b; int c[3];), 1, "two", {3, 4, 5});
  CHECK_AGGREGATE((const std::string a; std::string b[2];), "one", {"two", "three"});
  CHECK_AGGREGATE((const int a[3]; std::string b;), {1, 2, 3}, "four");
  CHECK_AGGREGATE((const std::string a[2][2]; const bool b[3];), {{"one", "two"}, {"three"}}, {true, false, true});
  CHECK_AGGREGATE((std::vector<std::pair<const int, std::string>> a; int b[2];), {{1, "one"}}, {1, 2});
  CHECK_AGGREGATE((std::pair<const int, std::string> a[2];), {{1, "one"}, {2, "two"}});
  CHECK_AGGREGATE((std::variant<const int, const std::string> a; std::optional<const std::string> b;), "v", "o");
  CHECK_AGGREGATE((std::array<const int, 3> a; std::array<const std::string, 2> b;), {1, 2, 3}, {"x", "y"});
  CHECK_AGGREGATE((std::array<const int, 30> a; std::array<const std::string, 20> b;), {1, 2, 3}, {"x", "y"});
  CHECK_AGGREGATE((std::array<std::pair<const int, std::string>, 20> a;), {{{1, "x"}, {2, "y"}}});
}

TEST_CASE("aggregates: with members that have no default constructor, or an explicit one") {
  CHECK_AGGREGATE((Range a; int b; std::string c;), {1, 2}, 3, "four");
  CHECK_AGGREGATE((int a; Range b; std::string c; Range d;), 1, {2, 3}, "four", {5, 6});
  CHECK_AGGREGATE((Range a; int b[3];), {1, 2}, {3, 4, 5});
  CHECK_AGGREGATE((int a[3]; Range b;), {1, 2, 3}, {4, 5});
  CHECK_AGGREGATE((std::string a[2]; Range b; std::string c[500];), {"a", "b"}, {4, 5}, {"c"});
  CHECK_AGGREGATE((Range a[2];), {{1, 2}, {3, 4}});
  CHECK_AGGREGATE((int a[2][2]; Range b[2][2]; char c[300]; std::string d;), {{1, 2}, {3, 4}},
                  {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, "c", "d");
  CHECK_AGGREGATE((std::array<Range, 20> a; int b;),
                  {{{1, 2}, {3, 4}, {1, 2}, {3, 4}, {1, 2}, {3, 4}, {1, 2}, {3, 4}, {1, 2}, {3, 4},
                    {1, 2}, {3, 4}, {1, 2}, {3, 4}, {1, 2}, {3, 4}, {1, 2}, {3, 4}, {1, 2}, {3, 4}}},
                  1);
  CHECK_AGGREGATE((Explicit a; int b; Explicit c[2]; std::string d;), Explicit(), 2, {Explicit(), Explicit()}, "d");
}

namespace {
struct WithValues {
  Range range = Range(1, 2);
  int numbers[3] = {1, 2, 3};
  Range other = Range(3, 4);
  std::string text = "text";
  char more[200] = "more";
  bool operator==(const WithValues&) const = default;
};
struct LastWithValue {
  int numbers[3] = {1, 2, 3};
  Range other = Range(3, 4);
  bool operator==(const LastWithValue&) const = default;
};
}  // namespace

TEST_CASE("aggregates: with values for members in the class") {
  WithValues value;
  value.other = Range(7, 8);
  value.more[199] = 'x';
  check_round_trip(value);
  check_round_trip(LastWithValue{{4, 5, 6}, Range(7, 8)});
}

TEST_CASE("aggregates: with members that can be made from anything") {
  CHECK_AGGREGATE((FromCopyable a; int b;), {}, 2);
  CHECK_AGGREGATE((FromCopyable a; std::map<int, int> b; FromCopyable c[2];), {}, {{1, 2}}, {});
  CHECK_AGGREGATE((FromAnything a; int b;), {}, 2);
  CHECK_AGGREGATE((FromAnything a; std::map<int, int> b; FromAnything c;), {}, {{1, 2}}, {});
  CHECK_AGGREGATE((std::string a; FromAnything b; int c[3];), "a", {}, {1, 2, 3});
}

namespace {
struct Flags {
  unsigned a : 3;
  unsigned : 5;
  bool b : 1;
  int c : 7;
  std::string text;
  bool operator==(const Flags&) const = default;
};
struct Packed {
  std::uint32_t a : 3;
  std::uint32_t b : 29;
  char name[8];
  bool operator==(const Packed&) const = default;
};
}  // namespace

TEST_CASE("aggregates: with bit-fields") {
  check_round_trip(Flags{5, true, -3, "text"});
  check_round_trip(Packed{5, 1000, "name"});
}

namespace {
struct Tag {};
template <class T>
struct Mixin {
  int twice() const { return 2 * static_cast<const T&>(*this).number; }
  bool operator==(const Mixin&) const = default;
};
struct Mixed : Mixin<Mixed> {
  int number;
  std::string text;
  bool operator==(const Mixed&) const = default;
};
struct Twofold : Tag, Mixin<Twofold> {
  std::string text;
  char name[8];
  int number;
  bool operator==(const Twofold& other) const { return text == other.text && number == other.number; }
};
struct Nothing : Tag {
  FromAnything first;
  std::map<int, int> second;
  bool operator==(const Nothing& other) const { return first == other.first && second == other.second; }
};
}  // namespace

TEST_CASE("aggregates: with empty base classes") {
  check_round_trip(Mixed{{}, 1, "text"});
  check_round_trip(Twofold{{}, {}, "text", "name", 3});
  check_round_trip(Nothing{{}, {}, {{1, 2}}});
}

namespace {
struct Owner {
  std::unique_ptr<int> number;
  std::vector<std::unique_ptr<int>> numbers;
};
struct OwnerOfArray {
  std::vector<std::unique_ptr<int>> numbers[2];
  const int count;
};
struct Fixed {
  const std::unique_ptr<int> number;
};
}  // namespace

TEST_CASE("aggregates: that cannot be copied, or even moved") {
  Owner owner{std::make_unique<int>(1), {}};
  owner.numbers.push_back(std::make_unique<int>(2));
  const Owner arrived = there_and_back(owner);
  CHECK(*arrived.number == 1);
  CHECK(*arrived.numbers.at(0) == 2);

  OwnerOfArray owners{{}, 5};
  owners.numbers[1].push_back(std::make_unique<int>(3));
  const OwnerOfArray all = there_and_back(owners);
  CHECK(*all.numbers[1].at(0) == 3);
  CHECK(all.count == 5);

  const auto fixed = pickle::dumps(Fixed{std::make_unique<int>(4)});
  pickle::Reader reader(fixed);
  CHECK(*pickle::Pickler<Fixed>::load(reader).number == 4);
}

namespace {
struct Row {
  struct {
    int x, y;
  } from, to;
  enum { left, right } side;
  bool operator==(const Row& other) const {
    return from.x == other.from.x && from.y == other.from.y && to.x == other.to.x && to.y == other.to.y &&
           side == other.side;
  }
};
struct Chain {
  int number = 0;
  std::vector<Chain> children;
  std::unique_ptr<Chain> next;
  bool operator==(const Chain& other) const {
    return number == other.number && children == other.children && !next == !other.next &&
           (!next || *next == *other.next);
  }
};
}  // namespace

TEST_CASE("aggregates: of classes without a name, and of their own kind") {
  check_round_trip(Row{{1, 2}, {3, 4}, Row::right});
  Chain chain{1, {}, std::make_unique<Chain>()};
  chain.children.push_back(Chain{2, {}, nullptr});
  check_round_trip(chain);
}

namespace {
#define TEN_MEMBERS(type, name) \
  type name##0, name##1, name##2, name##3, name##4, name##5, name##6, name##7, name##8, name##9;
struct Hundred {
  TEN_MEMBERS(int, a)
  TEN_MEMBERS(double, b)
  TEN_MEMBERS(std::string, c)
  TEN_MEMBERS(bool, d)
  TEN_MEMBERS(int, e)
  TEN_MEMBERS(int, f)
  TEN_MEMBERS(char, g)
  TEN_MEMBERS(std::vector<int>, h)
  TEN_MEMBERS(int, i)
  TEN_MEMBERS(std::string, j)
  bool operator==(const Hundred&) const = default;
};
struct HundredWithArrays {
  TEN_MEMBERS(int, a)
  TEN_MEMBERS(double, b)
  TEN_MEMBERS(std::string, c)
  TEN_MEMBERS(bool, d)
  TEN_MEMBERS(int, e)
  TEN_MEMBERS(int, f)
  TEN_MEMBERS(char, g)
  TEN_MEMBERS(std::vector<int>, h)
  TEN_MEMBERS(int, i)
  std::string j0[3], j1[300], j2, j3, j4, j5, j6, j7, j8, j9;
  bool operator==(const HundredWithArrays&) const = default;
};
}  // namespace

TEST_CASE("aggregates: of a hundred members") {
  Hundred value{};
  value.a0 = 1;
  value.c9 = "c9";
  value.h5 = {1, 2, 3};
  value.j9 = "j9";
  CHECK(there_and_back(value) == value);
  HundredWithArrays other{};
  other.j1[299] = "j1";
  other.j9 = "j9";
  CHECK(there_and_back(other) == other);
}

namespace {
struct Trial {
  const int number;
  Counted first[3];
  Range range;
  Counted last[2];
};
}  // namespace

TEST_CASE("aggregates: what has been made of one that does not arrive whole is destroyed") {
  Counted::alive = 0;
  {
    const Trial trial{1, {Counted(1), Counted(2), Counted(3)}, {4, 5}, {Counted(6), Counted(7)}};
    const auto bytes = pickle::dumps(trial);
    CHECK(Counted::alive == 5);
    {
      const auto arrived = pickle::loads<Trial>(bytes);
      CHECK(arrived.last[1].number == 7);
      CHECK(Counted::alive == 10);
    }
    CHECK(refuses_other_lengths(trial));
    CHECK(Counted::alive == 5);
  }
  CHECK(Counted::alive == 0);
}

namespace {
struct WithReference {
  int& number;
};
struct WithConstReference {
  const std::string& text;
};
struct WithAnonymousUnion {
  int kind;
  union {
    int number;
    float fraction;
  };
};
struct NamedUnion {
  int kind;
  union {
    int number;
    float fraction;
  } value;
};
struct Full {
  int number;
};
struct WithBase : Full {
  int more;
};
struct BaseOfAnything {
  BaseOfAnything() = default;
  template <class T>
  BaseOfAnything(T&&) {}
  int number = 0;
};
struct FromBaseOfAnything : BaseOfAnything {
  int more;
};
struct HundredAndOne {
  Hundred hundred;
  TEN_MEMBERS(int, a)
  TEN_MEMBERS(int, b)
  TEN_MEMBERS(int, c)
  TEN_MEMBERS(int, d)
  TEN_MEMBERS(int, e)
  TEN_MEMBERS(int, f)
  TEN_MEMBERS(int, g)
  TEN_MEMBERS(int, h)
  TEN_MEMBERS(int, i)
  TEN_MEMBERS(int, j)
};
struct FlagsWithArray {
  unsigned a : 3;
  std::string text;
  char name[8];
};
struct FixedWithArray {
  const std::unique_ptr<int> number;
  char name[8];
};
}  // namespace

TEST_CASE("aggregates: that cannot be taken apart are not picklable, and asking is no error") {
  CHECK_FALSE(pickle::Picklable<WithReference>);
  CHECK_FALSE(pickle::Picklable<WithConstReference>);
  CHECK_FALSE(pickle::Picklable<WithAnonymousUnion>);
  CHECK_FALSE(pickle::Picklable<NamedUnion>);
  CHECK_FALSE(pickle::Picklable<WithBase>);
  CHECK_FALSE(pickle::Picklable<FromBaseOfAnything>);
  CHECK_FALSE(pickle::Picklable<HundredAndOne>);
  CHECK_FALSE(pickle::Picklable<FlagsWithArray>);
  CHECK_FALSE(pickle::Picklable<FixedWithArray>);
}

namespace {
// A container of its own kind.
struct Tree : std::vector<Tree> {
  using std::vector<Tree>::vector;
};
struct Json : std::vector<Json> {
  using std::vector<Json>::vector;
};
}  // namespace
template <>
inline constexpr bool concurrent::pickle::enable_container<Tree> = true;

TEST_CASE("aggregates: whether a container of its own kind is picklable is no error") {
  CHECK_FALSE(pickle::Picklable<Json>);
  Tree tree(2);
  tree[1].resize(3);
  const Tree arrived = there_and_back(tree);
  CHECK(arrived.size() == 2);
  CHECK(arrived[1].size() == 3);
}
