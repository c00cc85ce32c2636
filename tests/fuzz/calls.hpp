// SPDX-License-Identifier: BSL-1.0
// Calls of every kind, as bytes.
#pragma once

#include <concurrent/pickle.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fuzz {

inline int add(int a, int b) { return static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)); }
inline std::size_t length(std::string_view text) { return text.size(); }
inline double sum(std::span<const double> numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }
inline std::vector<std::string> split(const std::string& text, std::vector<std::string> rest) {
  rest.push_back(text);
  return rest;
}

struct Adder {
  int base = 0;
  int operator()(int x) const { return add(base, x); }
  int get() const { return base; }
};

struct Call {
  std::vector<std::byte> bytes;
  // How much of it names functions. Which function a pointer points to is the caller's choice among all there are, so
  // that a forged name that hits the middle of one cannot be told from a good one; nobody but the caller writes calls.
  std::size_t names;
};

inline std::vector<Call> calls() {
  namespace pickle = concurrent::pickle;
  std::vector<Call> all;
  constexpr std::size_t name = 17;
  constexpr std::size_t member_name = 1 + sizeof(std::ptrdiff_t) + name;
  const auto dump = [&](auto function, auto... args) {
    pickle::detail::VectorWriter writer;
    pickle::dump_call<pickle::Pickle>(writer, function, args...);
    using Function = decltype(function);
    all.push_back({writer.take(), name + (std::is_pointer_v<Function> ? name : 0) +
                                      (std::is_member_pointer_v<Function> ? member_name : 0)});
  };
  int captured = 3;
  dump(&add, 1, 2);
  dump(&length, std::string("text"));
  dump(&length, std::string_view("text"));
  dump(&sum, std::vector<double>{1, 2});
  dump(&split, std::string("text"), std::vector<std::string>{"a", "b"});
  dump([](int x) { return x; }, 1);
  dump([captured](int x) { return add(x, captured); }, 1);
  dump(Adder{4}, 1);
  dump(&Adder::get, Adder{5});
  return all;
}

// Runs what may be a call. What is none must be answered with an UnpicklingError.
inline void run(std::span<const std::byte> bytes) {
  namespace pickle = concurrent::pickle;
  pickle::Reader reader(bytes, pickle::Views::in_place);
  pickle::detail::VectorWriter result;
  std::atomic<std::uint32_t> phase{0};
  try {
    pickle::run_call(reader, result, phase);
  } catch (const pickle::UnpicklingError&) {
  }
  static_cast<void>(pickle::describe_call(bytes));
}

}  // namespace fuzz
