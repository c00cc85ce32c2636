// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>

#if __has_include(<cereal/cereal.hpp>)
#include <cereal/cereal.hpp>
#else  // what that header has of it
namespace cereal::detail {
namespace {
struct version_binding_tag {};
}  // namespace
template <class T, class BindingTag = version_binding_tag>
struct Version {
  static const std::uint32_t version = 0;
};
}  // namespace cereal::detail
#define CEREAL_CLASS_VERSION(TYPE, NUMBER)                \
  namespace cereal::detail {                              \
  template <>                                             \
  struct Version<TYPE> {                                  \
    static std::uint32_t number() { return NUMBER; }      \
    static inline const std::uint32_t version = number(); \
  };                                                      \
  }
#endif

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

// Has a member more since version 1.
class Account {
 public:
  Account() = default;
  Account(int number, std::string owner) : number_(number), owner_(std::move(owner)) {}
  template <class Archive>
  void serialize(Archive& archive, const unsigned version) {
    archive & number_;
    if (version >= 1) archive & owner_;
  }
  bool operator==(const Account&) const = default;

 private:
  int number_ = 0;
  std::string owner_;
};

struct Free {
  int number = 0;
  int since_two = 0;
  int since_three = 0;
  bool operator==(const Free&) const = default;
};
template <class Archive>
void serialize(Archive& archive, Free& value, const std::uint32_t version) {
  archive(value.number);
  if (version >= 2) archive(value.since_two);
  if (version >= 3) archive(value.since_three);
}

struct Split {
  int number = 0;
  unsigned saved_as = 0;
  Split() = default;
  explicit Split(int n) : number(n) {}
  template <class Archive>
  void save(Archive& archive, const unsigned version) const {
    archive << number << version;
  }
  template <class Archive>
  void load(Archive& archive, const unsigned version) {
    archive >> number >> saved_as;
    if (saved_as != version) throw std::logic_error("versions");
  }
};

class Unversioned {
 public:
  template <class Archive>
  void serialize(Archive& archive, const unsigned version) {
    archive(version_);
    version_ = version;
  }
  unsigned version() const { return version_; }

 private:
  unsigned version_ = 7;
};

}  // namespace

CEREAL_CLASS_VERSION(Account, 1)
CEREAL_CLASS_VERSION(Free, 2)
CEREAL_CLASS_VERSION(Split, 4)

TEST_CASE("custom: the version of a class is the one that cereal was told, whose header comes later") {
  check_round_trip(Account(1, "Ada"));
  check_round_trip(std::vector<Account>{Account(1, "Ada"), Account(2, "Bob")});
  const Free free = there_and_back(Free{1, 2, 3});
  CHECK(free == Free{1, 2, 0});  // its version is 2
  CHECK(there_and_back(Split(5)).number == 5);
  CHECK(there_and_back(Split(5)).saved_as == 4);
  CHECK(there_and_back(Unversioned()).version() == 0);
}
