// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <string>
#include <type_traits>

namespace {

// What a base class says is enough for a class that has nothing more, and no other.
namespace members {

struct Base {
  int a = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(a);
  }
  bool operator==(const Base&) const = default;
};
struct Nothing {};
struct Same : Base {};
struct SameAndNothing : Base, Nothing {
  int twice() const { return 2 * a; }
};
struct Last final : Base {};
struct Virtual : Base {
  virtual ~Virtual() = default;
};
static_assert(pickle::Picklable<Same> && pickle::Picklable<SameAndNothing> && pickle::Picklable<Last> &&
              pickle::Picklable<Virtual>);

struct More : Base {
  int b = 0;
};
struct MoreOfSame : Same {
  char b = 0;
};
struct ByUsing : Base {
  using Base::serialize;
  std::string b;
};
struct LastMore final : Base {
  int b = 0;
};
struct VirtualMore : Base {
  virtual ~VirtualMore() = default;
  int b = 0;
};
struct Holds {
  More more;
};
static_assert(!pickle::Picklable<More> && !pickle::Picklable<MoreOfSame> && !pickle::Picklable<ByUsing> &&
              !pickle::Picklable<LastMore> && !pickle::Picklable<VirtualMore> && !pickle::Picklable<Holds>);

struct Own : Base {
  int b = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(static_cast<Base&>(*this), b);
  }
  bool operator==(const Own&) const = default;
};

// with room at its end
class Roomy {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(a_, b_);
  }

 private:
  long a_ = 0;
  char b_ = 0;
};
struct InRoom : Roomy {
  char c = 0;
};
struct NotInRoom : Roomy {};
static_assert(sizeof(InRoom) == sizeof(Roomy));
static_assert(!pickle::Picklable<InRoom> && pickle::Picklable<NotInRoom>);

class Private {
  friend class concurrent::pickle::Access;
  int a_ = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive(a_);
  }
};
struct OfPrivate : Private {
  int b = 0;
};
struct SameAsPrivate : Private {};
static_assert(!pickle::Picklable<OfPrivate> && pickle::Picklable<SameAsPrivate>);

struct NoTemplate {
  int a = 0;
  void serialize(pickle::OutputArchive& archive) { archive(a); }
  void serialize(pickle::InputArchive& archive) noexcept(false) { archive(a); }
};
struct OfNoTemplate : NoTemplate {
  int b = 0;
};
struct SameAsNoTemplate : NoTemplate {};
static_assert(!pickle::Picklable<OfNoTemplate> && pickle::Picklable<SameAsNoTemplate>);

struct SaveLoad {
  int a = 0;
  void save(auto& archive) const { archive(a); }
  void load(auto& archive) { archive(a); }
};
struct OfSaveLoad : SaveLoad {
  int b = 0;
};
struct OwnSave : SaveLoad {
  int b = 0;
  void save(auto& archive) const { archive(a, b); }
};
struct SameAsSaveLoad : SaveLoad {};
static_assert(!pickle::Picklable<OfSaveLoad> && !pickle::Picklable<OwnSave> && pickle::Picklable<SameAsSaveLoad>);

// made for the class that derives from it
template <class Self>
struct Serializable {
  template <class Archive>
  void serialize(Archive& archive) {
    static_cast<Self&>(*this).members(archive);
  }
  bool operator==(const Serializable&) const = default;
};
struct User : Serializable<User> {
  std::string name;
  void members(auto& archive) { archive(name); }
  bool operator==(const User&) const = default;
};
struct MoreThanUser : User {
  int age = 0;
};
template <class Self, int number>
struct Numbered {
  template <class Archive>
  void serialize(Archive& archive) {
    static_cast<Self&>(*this).members(archive);
  }
};
struct NumberedUser : Numbered<NumberedUser, 3> {
  std::string name;
  void members(auto& archive) { archive(name); }
};
static_assert(pickle::Picklable<User> && !pickle::Picklable<MoreThanUser> && pickle::Picklable<NumberedUser>);

template <class T>
struct Box : Base {
  T value;
};
static_assert(!pickle::Picklable<Box<int>> && !pickle::Picklable<Box<std::string>>);

}  // namespace members

namespace functions {

struct Base {
  int a = 0;
};
template <class Archive>
void serialize(Archive& archive, Base& base) {
  archive(base.a);
}
struct Same : Base {};
struct More : Base {
  int b = 0;
};
struct Own : Base {
  int b = 0;
};
template <class Archive>
void serialize(Archive& archive, Own& own) {
  archive(static_cast<Base&>(own), own.b);
}
static_assert(pickle::Picklable<Same> && !pickle::Picklable<More> && pickle::Picklable<Own>);

struct Hidden {
  int a = 0;
  friend void save(auto& archive, const Hidden& hidden) { archive(hidden.a); }
  friend void load(auto& archive, Hidden& hidden) { archive(hidden.a); }
};
struct SameAsHidden : Hidden {};
struct OfHidden : Hidden {
  int b = 0;
};
static_assert(pickle::Picklable<SameAsHidden> && !pickle::Picklable<OfHidden>);

struct Versioned {
  int a = 0;
  friend void serialize(pickle::OutputArchive& archive, Versioned& value, unsigned) { archive(value.a); }
  friend void serialize(pickle::InputArchive& archive, Versioned& value, unsigned) { archive(value.a); }
};
struct SameAsVersioned : Versioned {};
struct OfVersioned : Versioned {
  int b = 0;
};
static_assert(pickle::Picklable<SameAsVersioned> && !pickle::Picklable<OfVersioned>);

template <class T>
struct Box {
  T value;
};
template <class Archive, class T>
void serialize(Archive& archive, Box<T>& box) {
  archive(box.value);
}
struct SameAsBox : Box<int> {};
struct OfBox : Box<int> {
  int b = 0;
};
template <class T>
struct BoxOfBox : Box<T> {
  int b = 0;
};
static_assert(pickle::Picklable<Box<int>> && pickle::Picklable<SameAsBox> && !pickle::Picklable<OfBox> &&
              !pickle::Picklable<BoxOfBox<int>>);

// A function that takes whatever has a mark leaves nothing out.
struct Mark {};
template <class Archive, class T>
  requires std::is_base_of_v<Mark, T>
void serialize(Archive& archive, T& value) {
  value.members(archive);
}
struct Marked : Mark {
  int a = 0;
  void members(auto& archive) { archive(a); }
};
static_assert(pickle::Picklable<Marked>);

}  // namespace functions

TEST_CASE("custom: a class that has no more than its base is pickled as that is, and one with a function of its own") {
  members::SameAndNothing same;
  same.a = 5;
  CHECK(there_and_back(same).a == 5);
  members::Own own;
  own.a = 5, own.b = 6;
  CHECK(there_and_back(own) == own);
  members::User user;
  user.name = "Ada";
  CHECK(there_and_back(user).name == "Ada");
  functions::SameAsBox box;
  box.value = 7;
  CHECK(there_and_back(box).value == 7);
  functions::SameAsVersioned versioned;
  versioned.a = 8;
  CHECK(there_and_back(versioned).a == 8);
}

}  // namespace
