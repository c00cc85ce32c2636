// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

class MemberSerialize {
 public:
  MemberSerialize() = default;
  MemberSerialize(int number, std::string text) : number_(number), text_(std::move(text)) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number_, text_);
  }
  bool operator==(const MemberSerialize&) const = default;

 private:
  int number_ = 0;
  std::string text_;
};

class Private {  // everything, the default constructor too
 public:
  explicit Private(int number) : number_(number) {}
  bool operator==(const Private&) const = default;

 private:
  friend class concurrent::pickle::Access;
  Private() = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive & number_;
  }
  int number_ = 0;
};

class Versioned {  // as Boost.Serialization has it
 public:
  Versioned() = default;
  explicit Versioned(int number) : number_(number) {}
  template <class Archive>
  void serialize(Archive& archive, const unsigned version) {
    if (version != 0) throw std::logic_error("version");
    archive & number_ & twice_;
  }
  bool operator==(const Versioned&) const = default;

 private:
  int number_ = 0;
  int twice_ = 2 * number_;
};

class SaveLoad {
 public:
  SaveLoad() = default;
  explicit SaveLoad(int number) : number_(number) {}
  template <class Archive>
  void save(Archive& archive) const {
    archive(number_ + 1000);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number_);
    number_ -= 1000;
  }
  bool operator==(const SaveLoad&) const = default;

 private:
  int number_ = 0;
};

// Aggregates that say it themselves: that wins over member by member.
struct Doubled {
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    int twice = 2 * number;
    archive(twice);
    if constexpr (Archive::is_loading::value) number = twice / 2;
  }
  bool operator==(const Doubled&) const = default;
};

struct WithArray {
  int numbers[3] = {};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(numbers);
  }
};

class Point {
 public:
  explicit Point(int x) : x_(x) {}
  int x() const { return x_; }
  bool operator==(const Point&) const = default;

 private:
  int x_;
};

class Angry {
 public:
  template <class Archive>
  void save(Archive&) const {
    throw std::range_error("I will not be saved");
  }
  template <class Archive>
  void load(Archive&) {
    throw std::range_error("I will not be loaded");
  }
};

}  // namespace

namespace app {

struct FreeSerialize {
  FreeSerialize() = default;
  explicit FreeSerialize(std::string t) : text(std::move(t)) {}
  std::string text;
  bool operator==(const FreeSerialize&) const = default;
};
template <class Archive>
void serialize(Archive& archive, FreeSerialize& value) {
  archive(value.text);
}

struct FreeVersioned {
  FreeVersioned() = default;
  explicit FreeVersioned(int n) : number(n) {}
  int number = 0;
  bool operator==(const FreeVersioned&) const = default;
};
template <class Archive>
void serialize(Archive& archive, FreeVersioned& value, unsigned) {
  archive & value.number;
}

struct FreeSaveLoad {
  FreeSaveLoad() = default;
  explicit FreeSaveLoad(int n) : number(n) {}
  int number = 0;
  bool operator==(const FreeSaveLoad&) const = default;
};
template <class Archive>
void save(Archive& archive, const FreeSaveLoad& value) {
  archive << value.number;
}
template <class Archive>
void load(Archive& archive, FreeSaveLoad& value) {
  archive >> value.number;
}

}  // namespace app

template <>
struct concurrent::pickle::Pickler<Point> {
  static void dump(Writer& writer, const Point& point) { pickle::dump(writer, point.x()); }
  static Point load(Reader& reader) { return Point(pickle::load<int>(reader)); }
};

TEST_CASE("custom: a type says with serialize what it consists of, as a member or outside") {
  check_round_trip(MemberSerialize(1, "a"));
  check_round_trip(app::FreeSerialize("a"));
  check_round_trip(
      std::map<int, std::vector<MemberSerialize>>{{1, {MemberSerialize(1, "a"), MemberSerialize(2, "b")}}});
  CHECK(pickle::dumps(MemberSerialize(1, "a")) == pickle::dumps(std::pair<int, std::string>(1, "a")));
}

TEST_CASE("custom: the form of Boost.Serialization, with a version, works too") {
  check_round_trip(Versioned(4));
  check_round_trip(app::FreeVersioned(4));
}

TEST_CASE("custom: serialize and the default constructor may be private") { check_round_trip(Private(4)); }

TEST_CASE("custom: a pair of save and load, as members or outside") {
  check_round_trip(SaveLoad(4));
  CHECK(pickle::dumps(SaveLoad(4)) == pickle::dumps(1004));
  check_round_trip(app::FreeSaveLoad(4));
}

TEST_CASE("custom: a specialisation of Pickler works without a default constructor") {
  check_round_trip(Point(4));
  check_round_trip(std::vector<Point>{Point(1), Point(2)});
  check_round_trip(std::optional<Point>(Point(3)));
}

TEST_CASE("custom: what an aggregate says itself wins over its members") {
  check_round_trip(Doubled{4});
  CHECK(pickle::dumps(Doubled{4}) == pickle::dumps(8));
}

TEST_CASE("custom: an archive takes arrays") { CHECK(there_and_back(WithArray{{1, 2, 3}}).numbers[2] == 3); }

TEST_CASE("custom: what a type's own function throws goes through") {
  CHECK_THROWS_AS(pickle::dumps(Angry()), std::range_error);
  CHECK_THROWS_AS(pickle::dumps(std::vector<Angry>(3)), std::range_error);
  CHECK_THROWS_AS(pickle::loads<Angry>(Bytes()), std::range_error);
}

namespace {

// As Boost.Serialization's and cereal's.
template <class T>
struct BoostNamed {
  const char* name() const { return text; }
  T& value() const { return *pointer; }
  const T& const_value() const { return *pointer; }
  const char* text;
  T* pointer;
};
template <class T>
struct CerealNamed {
  const char* name;
  T& value;
};

struct Named {
  template <class Archive>
  void serialize(Archive& archive) {
    archive& BoostNamed<int>{"number", &number};
    const BoostNamed<std::string> named{"text", &text};
    archive & named;
    archive(CerealNamed<std::vector<int>>{"more", more});
  }
  bool operator==(const Named&) const = default;
  int number = 0;
  std::string text;
  std::vector<int> more;
};

}  // namespace

TEST_CASE("custom: values with names, as other libraries' macros make them, are their values") {
  check_round_trip(Named{4, "four", {1, 2}});
}
