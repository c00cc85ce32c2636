// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

struct Tree {
  std::unique_ptr<Tree> left;
  std::unique_ptr<Tree> right;
  int value = 0;
};

struct Ring {
  int value = 0;
  std::shared_ptr<Ring> next;
};

struct Child;
struct Parent {
  std::vector<std::shared_ptr<Child>> children;
};
struct Child {
  std::weak_ptr<Parent> parent;
  int number = 0;
};

struct Shared {
  std::shared_ptr<std::string> first;
  std::shared_ptr<std::string> second;
  std::weak_ptr<std::string> weak;
  std::shared_ptr<std::string> other;
};

class Animal {
 public:
  virtual ~Animal() = default;
  int legs = 4;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(legs);
  }
};
class Dog : public Animal {};

struct Abstract {
  virtual ~Abstract() = default;
  virtual void function() = 0;
};

// Has no shared_ptr but makes one each time it is written.
class MakesOne {
 public:
  MakesOne() = default;
  explicit MakesOne(int n) : number(n) {}
  int number = 0;
  template <class Archive>
  void save(Archive& archive) const {
    archive(std::make_shared<int>(number));
  }
  template <class Archive>
  void load(Archive& archive) {
    std::shared_ptr<int> made;
    archive(made);
    number = *made;
  }
  bool operator==(const MakesOne&) const = default;
};

class Aware : public std::enable_shared_from_this<Aware> {
 public:
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number);
  }
};

struct NoDefault {  // cannot be made empty first
  explicit NoDefault(int n) : number(n) {}
  int number;
};

struct FreesNothing {
  void operator()(int*) const {}
};

std::unique_ptr<Tree> list_of(int length) {
  std::unique_ptr<Tree> list;
  for (int i = 0; i < length; ++i) {
    auto node = std::make_unique<Tree>();
    node->value = i;
    node->left = std::move(list);
    list = std::move(node);
  }
  return list;
}

// Without recursion, which the lists of these tests are too long for.
int destroy(std::unique_ptr<Tree> list) {
  int length = 0;
  for (; list; ++length) list = std::move(list->left);
  return length;
}

}  // namespace

template <>
struct concurrent::pickle::Pickler<NoDefault> {
  static void dump(Writer& writer, const NoDefault& value) { pickle::dump(writer, value.number); }
  static NoDefault load(Reader& reader) { return NoDefault(pickle::load<int>(reader)); }
};

TEST_CASE("pointers: a unique_ptr travels with its object, or null") {
  CHECK(*there_and_back(std::make_unique<std::string>("a")) == "a");
  CHECK(there_and_back(std::unique_ptr<int>()) == nullptr);
  CHECK(*there_and_back(std::make_unique<const int>(3)) == 3);
  CHECK(there_and_back(std::make_unique<NoDefault>(4))->number == 4);
  auto tree = std::make_unique<Tree>();
  tree->left = std::make_unique<Tree>();
  tree->left->value = 5;
  const auto loaded = there_and_back(tree);
  REQUIRE(loaded->left);
  CHECK(loaded->left->value == 5);
  CHECK(!loaded->right);
  CHECK(refuses_other_lengths(tree));
}

TEST_CASE("pointers: an object that is shared stays shared within one message") {
  const auto text = std::make_shared<std::string>("shared");
  const Shared loaded = there_and_back(Shared{text, text, text, std::make_shared<std::string>("shared")});
  REQUIRE(loaded.first);
  CHECK(*loaded.first == "shared");
  CHECK(loaded.first == loaded.second);
  CHECK(loaded.weak.lock() == loaded.first);
  CHECK(loaded.other != loaded.first);
  CHECK(*loaded.other == "shared");
}

TEST_CASE("pointers: it is written once") {
  const auto text = std::make_shared<std::string>(1000, 'x');
  CHECK(pickle::dumps(std::vector<std::shared_ptr<std::string>>(10, text)).size() < 2000);
}

TEST_CASE("pointers: many objects keep who is who") {
  std::vector<std::shared_ptr<int>> pointers;
  for (int i = 0; i < 1000; ++i) pointers.push_back(std::make_shared<int>(i));
  for (int i = 0; i < 1000; ++i) pointers.push_back(pointers[static_cast<std::size_t>(i)]);
  const auto loaded = there_and_back(pointers);
  for (std::size_t i = 0; i < 1000; ++i) {
    REQUIRE(*loaded[i] == static_cast<int>(i));
    REQUIRE(loaded[i] == loaded[i + 1000]);
  }
}

TEST_CASE("pointers: objects of different types at one address are two objects") {
  struct Outer {
    int first = 1;
  };
  const auto outer = std::make_shared<Outer>();
  const std::shared_ptr<int> inner(outer, &outer->first);
  const auto loaded = there_and_back(std::pair(outer, inner));
  CHECK(loaded.first->first == 1);
  CHECK(*loaded.second == 1);
}

TEST_CASE("pointers: cycles are read as cycles") {
  const auto ring = std::make_shared<Ring>();
  ring->value = 1;
  ring->next = std::make_shared<Ring>();
  ring->next->value = 2;
  ring->next->next = ring;
  const auto loaded = there_and_back(ring);
  CHECK(loaded->next->value == 2);
  CHECK(loaded->next->next == loaded);
  ring->next = nullptr;
  loaded->next = nullptr;
}

TEST_CASE("pointers: a weak_ptr to what holds it finds its way back") {
  const auto parent = std::make_shared<Parent>();
  for (int i = 0; i < 2; ++i) parent->children.push_back(std::make_shared<Child>(Child{parent, i}));
  const auto loaded = there_and_back(parent);
  REQUIRE(loaded->children.size() == 2);
  CHECK(loaded->children[1]->number == 1);
  CHECK(loaded->children[1]->parent.lock() == loaded);
  // nothing but a weak_ptr: gone when the message has been read
  CHECK(there_and_back(std::weak_ptr<Parent>(parent)).expired());
}

TEST_CASE("pointers: enable_shared_from_this works for what was read") {
  const auto aware = std::make_shared<Aware>();
  aware->number = 3;
  const auto loaded = there_and_back(std::vector<std::shared_ptr<Aware>>{aware, aware});
  CHECK(loaded[0]->number == 3);
  CHECK(loaded[0]->shared_from_this() == loaded[0]);
  CHECK(loaded[1] == loaded[0]);
}

TEST_CASE("pointers: an object of a derived class is not cut down to its base") {
  CHECK_THROWS_AS(pickle::dumps(std::shared_ptr<Animal>(std::make_shared<Dog>())), pickle::PicklingError);
  CHECK_THROWS_AS(pickle::dumps(std::unique_ptr<Animal>(std::make_unique<Dog>())), pickle::PicklingError);
  CHECK(there_and_back(std::make_shared<Dog>())->legs == 4);
  CHECK(there_and_back(std::make_shared<Animal>())->legs == 4);
  STATIC_REQUIRE(!pickle::Picklable<std::unique_ptr<Abstract>>);
}

TEST_CASE("pointers: those that do not own one plain object are refused") {
  STATIC_REQUIRE(!pickle::Picklable<std::unique_ptr<int[]>>);
  STATIC_REQUIRE(!pickle::Picklable<std::shared_ptr<int[]>>);
  STATIC_REQUIRE(!pickle::Picklable<std::unique_ptr<int, FreesNothing>>);
  STATIC_REQUIRE(!pickle::Picklable<std::shared_ptr<void>>);
  STATIC_REQUIRE(!pickle::Picklable<std::unique_ptr<int*>>);
}

TEST_CASE("pointers: a reference to an object that is not there is refused") {
  const auto again = [](std::uint64_t number) { return bytes_of(std::uint8_t{2}, number); };
  CHECK(refusal<std::shared_ptr<int>>(again(0)).find("not there") != std::string::npos);
  CHECK_THROWS_AS(pickle::loads<std::shared_ptr<int>>(again(~std::uint64_t{0})), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<std::shared_ptr<int>>(bytes_of(std::uint8_t{3})), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<std::unique_ptr<int>>(bytes_of(std::uint8_t{2}, 5)), pickle::UnpicklingError);
  // of another type
  const Bytes wrong = bytes_of(std::uint8_t{1}, 5, std::uint8_t{2}, std::uint64_t{0});
  CHECK_THROWS_AS((pickle::loads<std::pair<std::shared_ptr<int>, std::shared_ptr<unsigned>>>(wrong)),
                  pickle::UnpicklingError);
}

TEST_CASE("pointers: long chains travel, and too long ones are refused before the stack ends") {
  auto list = list_of(5000);
  CHECK(destroy(there_and_back(list)) == 5000);
  destroy(std::move(list));

  list = list_of(1'000'000);
  CHECK_THROWS_AS(pickle::dumps(list), pickle::PicklingError);
  destroy(std::move(list));
  // A flag, two pointers within: a million levels in three million bytes.
  const Bytes bytes(3'000'000, std::byte{1});
  CHECK_THROWS_AS(pickle::loads<std::unique_ptr<Tree>>(bytes), pickle::UnpicklingError);
  std::thread([&] { CHECK_THROWS_AS(pickle::loads<std::unique_ptr<Tree>>(bytes), pickle::UnpicklingError); }).join();
}

TEST_CASE("pointers: an object that takes the place of one that has gone is another one") {
  check_round_trip(std::vector<MakesOne>{MakesOne(1), MakesOne(2), MakesOne(3)});
  int number = 5;
  const std::shared_ptr<int> not_owned(std::shared_ptr<void>(), &number);
  const auto loaded = there_and_back(std::vector<std::shared_ptr<int>>{not_owned, not_owned});
  CHECK(loaded[0] == loaded[1]);
  CHECK(*loaded[0] == 5);
}
