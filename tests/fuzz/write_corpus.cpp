// SPDX-License-Identifier: BSL-1.0
// Writes the corpus of each fuzz target: write_corpus tests/fuzz/corpus.
#include "fuzz/calls.hpp"
#include "fuzz/exceptions.hpp"
#include "fuzz/results.hpp"
#include "fuzz/values.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <type_traits>

namespace {

void write(const std::filesystem::path& folder, const std::string& name, std::vector<std::byte> bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// A value with something in it.
template <class T>
T sample() {
  if constexpr (std::is_same_v<T, std::string>) {
    return "text";
  } else if constexpr (std::is_same_v<T, fuzz::Shared>) {
    const auto text = std::make_shared<std::string>("shared");
    return {text, text, text};
  } else if constexpr (std::is_same_v<T, fuzz::Tree>) {
    return {1, {{2, {}}, {3, {{4, {}}}}}};
  } else if constexpr (std::is_same_v<T, std::unique_ptr<fuzz::Node>>) {
    auto node = std::make_unique<fuzz::Node>();
    node->next = std::make_unique<fuzz::Node>();
    return node;
  } else if constexpr (std::is_same_v<T, fuzz::Record>) {
    return {"name", {{1, 2}, {3, 4}}, "code", {true, false, true}, fuzz::Colour::green};
  } else if constexpr (requires(T& t) { t.push_back(sample<typename T::value_type>()); }) {
    T value;
    value.push_back(sample<typename T::value_type>());
    value.push_back(sample<typename T::value_type>());
    return value;
  } else if constexpr (std::is_same_v<T, std::map<std::string, std::vector<int>>>) {
    return {{"a", {1, 2}}, {"b", {}}};
  } else if constexpr (std::is_same_v<T, std::unordered_map<std::string, std::optional<int>>>) {
    return {{"a", 1}, {"b", std::nullopt}};
  } else if constexpr (std::is_same_v<T, std::shared_ptr<std::vector<std::shared_ptr<int>>>>) {
    const auto number = std::make_shared<int>(5);
    return std::make_shared<std::vector<std::shared_ptr<int>>>(3, number);
  } else if constexpr (std::is_same_v<T, std::set<int, fuzz::Direction>>) {
    return T({1, 2, 3}, fuzz::Direction{true});
  } else if constexpr (std::is_same_v<T, std::multimap<int, std::string, fuzz::Direction>>) {
    return T({{1, "a"}, {1, "b"}, {2, "c"}}, fuzz::Direction{true});
  } else if constexpr (std::is_same_v<T, std::set<fuzz::Point, fuzz::ByMember>>) {
    return T({{1, 2}, {3, 1}}, fuzz::ByMember{&fuzz::Point::y});
  } else if constexpr (std::is_same_v<T, std::set<int, fuzz::ByRank>>) {
    return T({0, 1, 2}, fuzz::ByRank{std::make_shared<std::vector<int>>(std::vector<int>{3, 1, 2})});
  } else if constexpr (std::is_same_v<T, std::unordered_map<int, int, fuzz::Seeded>>) {
    return T({{1, 2}, {3, 4}}, 8, fuzz::Seeded{5});
  } else if constexpr (std::is_same_v<T, std::priority_queue<int, std::vector<int>, fuzz::Direction>>) {
    return T(fuzz::Direction{true}, std::vector<int>{3, 1, 2});
  } else if constexpr (std::is_same_v<T, fuzz::OrderedByFunction>) {
    return T({1, 2}, &fuzz::descending);
  } else if constexpr (std::is_same_v<T, std::valarray<double>>) {
    return {1, 2, 3};
  } else if constexpr (std::is_same_v<T, std::valarray<std::string>>) {
    return {"a", "b"};
  } else if constexpr (std::is_same_v<T, std::exception_ptr>) {
    return std::make_exception_ptr(std::runtime_error("wrong"));
  } else {
    return T();
  }
}

template <class... Ts>
void write_values(fuzz::List<Ts...>, const std::filesystem::path& folder) {
  unsigned number = 0;
  const auto write_value = [&]<class T>(const T*) {
    std::vector<std::byte> bytes = concurrent::pickle::dumps(sample<T>());
    bytes.insert(bytes.begin(), static_cast<std::byte>(number));
    write(folder, "value_" + std::to_string(number++), bytes);
  };
  (write_value(static_cast<const Ts*>(nullptr)), ...);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_corpus folder\n", stderr);
    return 2;
  }
  const std::filesystem::path corpus = argv[1];
  write_values(fuzz::ValueTypes(), corpus / "fuzz_values");
  // As fuzz_callables reads them: the number of the call, and what follows the names of functions in it.
  const auto calls = fuzz::calls();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    std::vector<std::byte> bytes(calls[i].bytes.begin() + static_cast<std::ptrdiff_t>(calls[i].names),
                                 calls[i].bytes.end());
    bytes.insert(bytes.begin(), static_cast<std::byte>(i));
    write(corpus / "fuzz_callables", "call_" + std::to_string(i), bytes);
  }
  int number = 0;
  for (const auto& bytes : fuzz::exceptions()) {
    write(corpus / "fuzz_exceptions", "exception_" + std::to_string(number++), bytes);
  }
  number = 0;
  for (const auto& bytes : fuzz::results())
    write(corpus / "fuzz_results", "results_" + std::to_string(number++), bytes);
}
