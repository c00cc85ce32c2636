// SPDX-License-Identifier: BSL-1.0
// The types that the fuzzing of values goes through: one of each kind, and nests of them.
#pragma once

#include <concurrent/pickle.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <exception>
#include <filesystem>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

namespace fuzz {

enum class Colour : unsigned char { red, green };

struct Point {
  double x = 0;
  double y = 0;
};

struct Record {
  std::string name;
  std::vector<Point> points;
  char code[5] = {};
  bool flags[3] = {};
  std::optional<Colour> colour;
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;
};

struct Node {
  int value = 0;
  std::unique_ptr<Node> next;
};

struct Shared {
  std::shared_ptr<std::string> a;
  std::shared_ptr<std::string> b;
  std::weak_ptr<std::string> c;
};

// Far larger than its bytes: one byte for an empty one.
struct Large {
  std::optional<std::array<double, 4096>> maybe;
};

class Custom {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(size_, names_);
  }

 private:
  int size_ = 0;
  std::vector<std::string> names_;
};

struct Member {
  int number = 0;
  int function() { return number; }
  virtual int virtual_function() { return number; }
  virtual ~Member() = default;
};

// What sets and maps are ordered or hashed by.
struct Direction {
  bool reversed = false;
  bool operator()(int a, int b) const { return reversed ? a > b : a < b; }
};
struct ByMember {
  double Point::* member = &Point::x;
  bool operator()(const Point& a, const Point& b) const { return a.*member < b.*member; }
};
struct ByRank {
  std::shared_ptr<std::vector<int>> rank;
  int of(int i) const { return rank->empty() ? 0 : (*rank)[static_cast<unsigned>(i) % rank->size()]; }
  bool operator()(int a, int b) const { return of(a) < of(b); }
};
struct Seeded {
  std::size_t seed = 0;
  std::size_t operator()(int value) const { return static_cast<std::size_t>(value) ^ seed; }
};
inline bool descending(int a, int b) { return a > b; }
using OrderedByFunction = std::set<int, bool (*)(int, int)>;

// Classes derived from containers, and one that drops what is too much.
struct Track : std::vector<double> {
  std::string name;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(static_cast<std::vector<double>&>(*this), name);
  }
};
class Newest : public std::deque<int> {
 public:
  void push_back(int value) {
    if (size() == 4) pop_front();
    std::deque<int>::push_back(value);
  }
};

class Versioned {
 public:
  template <class Archive>
  void serialize(Archive& archive, unsigned version) {
    archive(number_);
    if (version >= 1) archive(names_);
  }

 private:
  int number_ = 0;
  std::vector<std::string> names_;
};

}  // namespace fuzz

template <>
inline constexpr bool concurrent::pickle::enable_container<fuzz::Newest> = true;
template <>  // as BOOST_CLASS_VERSION(fuzz::Versioned, 1) does
struct boost::serialization::version<fuzz::Versioned> {
  static constexpr int value = 1;
};

namespace fuzz {

template <class... Ts>
struct List {};

using ValueTypes =
    List<int, bool, double, Colour, std::string, std::u16string, std::vector<int>, std::vector<bool>,
         std::vector<std::string>, std::vector<Point>, Record, std::vector<Record>, Tree, std::unique_ptr<Node>, Shared,
         std::vector<Shared>, std::vector<Large>, std::vector<std::monostate>, std::vector<std::tuple<>>,
         std::list<std::tuple<>>, std::deque<std::string>, std::forward_list<int>, std::set<int>,
         std::map<std::string, std::vector<int>>, std::multimap<int, std::string>,
         std::unordered_map<std::string, std::optional<int>>, std::priority_queue<int>,
         std::variant<int, std::string, std::vector<double>>, std::tuple<int, std::string, bool>, std::bitset<37>,
         std::complex<float>, std::chrono::nanoseconds, std::filesystem::path, std::error_code, std::exception_ptr,
         Custom, std::vector<Custom>, std::array<std::string, 3>, int (*)(int), int Member::*, int (Member::*)(),
         std::shared_ptr<std::vector<std::shared_ptr<int>>>, std::vector<std::vector<std::vector<char>>>,
         std::set<int, Direction>, std::multimap<int, std::string, Direction>, std::set<Point, ByMember>,
         std::set<int, ByRank>, std::unordered_map<int, int, Seeded>,
         std::priority_queue<int, std::vector<int>, Direction>, OrderedByFunction, Track, std::vector<Track>, Newest,
         Versioned, std::valarray<double>, std::valarray<std::string>, std::mt19937, std::ranlux24, std::knuth_b,
         std::vector<std::minstd_rand>>;

// Tries to read the bytes as the type with the given number. What is no pickle must be answered with an
// UnpicklingError.
template <class... Ts>
void read_as(List<Ts...>, unsigned number, std::span<const std::byte> bytes) {
  unsigned i = 0;
  const auto read = [&]<class T>(const T*) {
    if (i++ != number % sizeof...(Ts)) return;
    // A right name of a function is believed, and it is called; a fuzzer may guess it.
    if (std::is_same_v<T, OrderedByFunction> && !bytes.empty() && bytes[0] != std::byte{0}) return;
    try {
      T value = concurrent::pickle::loads<T>(bytes);
      if constexpr (requires { value.discard(1); }) value();
      if constexpr (!std::is_same_v<T, std::exception_ptr>) {
        // what could be read can be written, and is then read the same
        const auto again = concurrent::pickle::dumps(value);
        static_cast<void>(concurrent::pickle::loads<T>(again));
      }
    } catch (const concurrent::pickle::UnpicklingError&) {
    }
  };
  (read(static_cast<const Ts*>(nullptr)), ...);
}

}  // namespace fuzz
