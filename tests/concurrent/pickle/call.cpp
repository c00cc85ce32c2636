// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

// A call in memory that is aligned like shared memory, as a worker gets it.
class Sent {
 public:
  template <class Serializer = pickle::Pickle, class F, class... Args>
  explicit Sent(std::type_identity<Serializer>, F&& function, Args&&... args) {
    pickle::Writer writer(memory_.data(), memory_.data() + memory_.size(), nullptr);
    pickle::dump_call<Serializer>(writer, std::forward<F>(function), std::forward<Args>(args)...);
    size_ = writer.size();
  }

  std::span<std::byte> bytes() { return {memory_.data(), size_}; }
  bool holds(const void* address) const { return address >= memory_.data() && address < memory_.data() + size_; }
  pickle::Phase phase() const { return static_cast<pickle::Phase>(phase_.load()); }

  Bytes run() {
    pickle::Reader reader(bytes(), pickle::Views::in_place);
    pickle::detail::VectorWriter result;
    pickle::run_call(reader, result, phase_);
    return result.take();
  }

 private:
  alignas(64) std::array<std::byte, 4096> memory_{};
  std::size_t size_ = 0;
  std::atomic<std::uint32_t> phase_{0};
};

template <class F, class... Args>
auto call(F&& function, Args&&... args) {
  using Result = pickle::call_result_t<F, Args...>;
  Sent sent(std::type_identity<pickle::Pickle>(), std::forward<F>(function), std::forward<Args>(args)...);
  const Bytes result = sent.run();
  CHECK(sent.phase() == pickle::Phase::pickling_result);
  if constexpr (std::is_void_v<Result>) {
    CHECK(result.empty());
  } else {
    return pickle::loads<Result>(result);
  }
}

int add(int a, int b) { return a + b; }
std::size_t length(std::string_view text) { return text.size(); }
std::size_t length_of_pointer(const std::string& text) { return text.size(); }
double sum(std::span<const double> numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }
const std::string& longer(const std::string& a, const std::string& b) { return a.size() < b.size() ? b : a; }
int deref(std::unique_ptr<int> pointer) { return *pointer; }
int runs = 0;
void count() { ++runs; }

namespace app {
std::string hash_words(const std::vector<std::string>& words) { return std::to_string(words.size()); }
template <class T>
T identity(T value) {
  return value;
}
}  // namespace app

struct Account {
  int balance = 0;
  int times(int factor) const { return balance * factor; }
  int&& move_out() && { return std::move(balance); }
};

struct Throwing {
  template <class Archive>
  void save(Archive&) const {
    throw std::range_error("pickling");
  }
  template <class Archive>
  void load(Archive&) {
    throw std::domain_error("unpickling");
  }
};
struct ThrowsWhenLoaded {
  template <class Archive>
  void save(Archive&) const {}
  template <class Archive>
  void load(Archive&) {
    throw std::domain_error("unpickling");
  }
};

// Counts itself, once it has been loaded.
struct Counted {
  static inline int* counter = nullptr;
  int* alive = nullptr;
  Counted() = default;
  explicit Counted(int*) {}
  Counted(const Counted& other) : alive(other.alive) {
    if (alive != nullptr) ++*alive;
  }
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    if (alive != nullptr) --*alive;
  }
  template <class Archive>
  void save(Archive&) const {}
  template <class Archive>
  void load(Archive&) {
    alive = counter;
    ++*alive;
  }
};

// Text instead of bytes, to see who is asked.
struct Shouting {
  static inline int dumped = 0;
  static inline int loaded = 0;
  template <class T>
  static void dump(pickle::Writer& writer, const T& value) {
    ++dumped;
    pickle::dump(writer, "!" + std::to_string(value));
  }
  template <class T>
  static T load(pickle::Reader& reader) {
    ++loaded;
    return static_cast<T>(std::stod(pickle::load<std::string>(reader).substr(1)));
  }
};

}  // namespace

TEST_CASE("run_call: functions, member functions, closures and function objects run with their arguments") {
  CHECK(call(add, 1, 2) == 3);
  CHECK(call(&add, 1, 2) == 3);
  int number = 3;
  CHECK(call([number](int x) { return number * x; }, 4) == 12);
  CHECK(call([](auto x, auto y) { return x + y; }, std::string("a"), "b") == "ab");
  CHECK(call(&Account::times, Account{5}, 2) == 10);
  CHECK(call(&Account::balance, Account{5}) == 5);
  CHECK(call(&Account::move_out, Account{5}) == 5);
  CHECK(call(&Account::times, std::make_unique<Account>(Account{5}), 3) == 15);
  CHECK(call(deref, std::make_unique<int>(7)) == 7);
  const auto optional = call([](std::optional<int> x) { return x; }, std::optional<int>());
  CHECK(!optional.has_value());
  runs = 0;
  call(count);
  CHECK(runs == 1);
}

TEST_CASE("run_call: results are copies, references and all") {
  STATIC_REQUIRE(std::is_same_v<pickle::call_result_t<decltype(longer), std::string, const char(&)[2]>, std::string>);
  CHECK(call(longer, std::string("a"), "bb") == "bb");
}

TEST_CASE("run_call: string literals arrive as strings") {
  STATIC_REQUIRE(
      std::is_same_v<pickle::call_result_t<decltype([](auto x) { return x; }), const char(&)[4]>, std::string>);
  CHECK(call([](auto x) { return x; }, "abc") == "abc");
  CHECK(call([](auto x) { return x.size(); }, "a\0b") == 3);
  CHECK(call(length, "abc") == 3);
  CHECK(call(length_of_pointer, "abc") == 3);
  CHECK(call([](const std::u16string& x) { return x; }, u"abc") == u"abc");
}

TEST_CASE("run_call: text that a pointer points to arrives as a string") {
  char text[] = "abc";
  const char* const constant = text;
  char* const variable = text;
  STATIC_REQUIRE(std::is_same_v<pickle::call_result_t<decltype([](auto x) { return x; }), char*&>, std::string>);
  CHECK(call(length, constant) == 3);
  CHECK(call([](std::string_view x, std::string y) { return std::string(x) + y; }, variable, constant) == "abcabc");
  CHECK(call([](pickle::StopToken, const std::u16string& x) { return x; }, static_cast<const char16_t*>(u"ab")) ==
        u"ab");
  CHECK_THROWS_WITH(call(length, static_cast<const char*>(nullptr)), Catch::Contains("a null pointer to characters"));
}

TEST_CASE("run_call: a string goes to a parameter that is a pointer to characters") {
  CHECK(call(&::atoi, "12") == 12);
  CHECK(call([](const char* text, int n) { return std::string(text) + std::to_string(n); }, std::string("a"), 1) ==
        "a1");
  CHECK(call([](const char* text, const std::string& more) { return text + more; }, "a", "b") == "ab");
}

TEST_CASE("run_call: the function has the only references to shared objects that it was sent") {
  CHECK(call([](const std::shared_ptr<int>& pointer) { return pointer.use_count(); }, std::make_shared<int>(1)) == 1);
}

TEST_CASE("run_call: a lambda without captures may be an argument") {
  CHECK(call([](auto function, int x) { return function(x); }, [](int x) { return x + 1; }, 2) == 3);
}

TEST_CASE("run_call: views are read in place, whatever was sent for them") {
  const std::string text(100, 'x');
  const std::vector<double> numbers{1, 2, 3};
  CHECK(call(length, text) == 100);
  CHECK(call(length, std::string_view(text)) == 100);
  CHECK(call(sum, numbers) == 6);
  CHECK(call(sum, std::span<const double>(numbers)) == 6);

  const auto address = [](std::string_view view, const std::span<const double>& span) {
    return std::pair(reinterpret_cast<std::uintptr_t>(view.data()), reinterpret_cast<std::uintptr_t>(span.data()));
  };
  Sent sent(std::type_identity<pickle::Pickle>(), address, text, numbers);
  using Addresses = std::pair<std::uintptr_t, std::uintptr_t>;
  const auto [view, span] = pickle::loads<Addresses>(sent.run());
  CHECK(sent.holds(reinterpret_cast<const void*>(view)));
  CHECK(sent.holds(reinterpret_cast<const void*>(span)));
}

TEST_CASE("run_call: what throws goes through, and the phase says where") {
  const auto phase_of = [](auto&& sent, auto expected) {
    using Expected = decltype(expected);
    CHECK_THROWS_AS(sent.run(), Expected);
    return sent.phase();
  };
  const std::type_identity<pickle::Pickle> pickles;
  CHECK(phase_of(Sent(pickles, [] { throw std::logic_error("running"); }), std::logic_error("")) ==
        pickle::Phase::running);
  CHECK(phase_of(Sent(
                     pickles, [](const ThrowsWhenLoaded&) {}, ThrowsWhenLoaded()),
                 std::domain_error("")) == pickle::Phase::unpickling_arguments);
  CHECK(phase_of(Sent(pickles, [] { return Throwing(); }), std::range_error("")) == pickle::Phase::pickling_result);
  CHECK_THROWS_AS(Sent(pickles, [](const Throwing&) {}, Throwing()), std::range_error);
}

TEST_CASE("run_call: callable and arguments are destroyed before the result is pickled") {
  static int alive = 0;
  static int alive_when_pickled = -1;
  alive_when_pickled = -1;
  // asks for room only when the result is written
  pickle::Writer writer(nullptr, nullptr, [](pickle::Writer& self, std::size_t) {
    static std::array<std::byte, 64> memory;
    alive_when_pickled = alive;
    self.rebase(memory.data(), memory.data() + memory.size());
  });
  Sent sent(std::type_identity<pickle::Pickle>(), [](Counted counted) { return *counted.alive; }, Counted(&alive));
  pickle::Reader reader(sent.bytes(), pickle::Views::in_place);
  std::atomic<std::uint32_t> phase{0};
  Counted::counter = &alive;
  pickle::run_call(reader, writer, phase);
  REQUIRE(writer.size() == sizeof(int));
  int alive_when_called = 0;
  std::memcpy(&alive_when_called, writer.data(), sizeof(int));
  CHECK(alive_when_called > 0);
  CHECK(alive_when_pickled == 0);
}

TEST_CASE("run_call: another serializer is asked for arguments and results, and for nothing else") {
  Shouting::dumped = Shouting::loaded = 0;
  int number = 3;
  Sent sent(std::type_identity<Shouting>(), [number](int x) { return number * x; }, 4);
  CHECK(Shouting::dumped == 1);
  const Bytes result = sent.run();
  CHECK(Shouting::loaded == 1);
  CHECK(Shouting::dumped == 2);
  pickle::Reader reader(result);
  CHECK(Shouting::load<int>(reader) == 12);
}

TEST_CASE("run_call: bytes that are no call are refused, and nothing is run") {
  runs = 0;
  const auto refused = [](std::span<const std::byte> bytes) {
    pickle::Reader reader(bytes, pickle::Views::in_place);
    pickle::detail::VectorWriter result;
    std::atomic<std::uint32_t> phase{0};
    try {
      pickle::run_call(reader, result, phase);
      return std::string();
    } catch (const pickle::UnpicklingError& error) {
      return std::string(error.what());
    }
  };
  CHECK(!refused({}).empty());
  // a function of this program that no call may name
  CHECK(!refused(pickle::dumps(&count)).empty());
  // a constant of this program that stands for no call
  static constexpr std::uint64_t constant[4] = {1, 2, 3, 4};
  pickle::detail::VectorWriter writer;
  pickle::detail::dump_function(writer, reinterpret_cast<std::uintptr_t>(&constant), pickle::detail::Target::constant);
  CHECK(refused(writer.take()).find("none that this program has for that") != std::string::npos);
  CHECK(refused(pickle::dumps(static_cast<void (*)()>(nullptr))).find("none that this program") != std::string::npos);
  // cut short, or with something after it
  Sent sent(std::type_identity<pickle::Pickle>(), add, 1, 2);
  for (std::size_t size = 0; size < sent.bytes().size(); ++size) REQUIRE(!refused(sent.bytes().first(size)).empty());
  Bytes longer(sent.bytes().begin(), sent.bytes().end());
  longer.push_back(std::byte{0});
  CHECK(refused(longer).find("left over") != std::string::npos);
  CHECK(runs == 0);
}

TEST_CASE("run_call: a damaged call may name any constant of the program: it is looked at, and refused") {
  Sent sent(std::type_identity<pickle::Pickle>(), add, 1, 2);
  constexpr std::size_t at = 1 + sizeof(std::uint64_t);  // after what kind of name it is, and the program's id
  std::uint64_t offset = 0;
  std::memcpy(&offset, sent.bytes().data() + at, sizeof offset);
  int unreadable = 0;
  for (std::uint64_t distance = 8; distance < 65536; distance += 8) {  // what lies between two constants is there too
    for (const std::uint64_t damaged : {offset - distance, offset + distance}) {
      std::memcpy(sent.bytes().data() + at, &damaged, sizeof damaged);
      if (pickle::describe_call(sent.bytes()) == "a call that cannot be read") ++unreadable;
    }
  }
  CHECK(unreadable > 8000);
  std::memcpy(sent.bytes().data() + at, &offset, sizeof offset);
  CHECK(pickle::describe_call(sent.bytes()) != "a call that cannot be read");
}

TEST_CASE("describe_call: says what is called with what") {
  const std::type_identity<pickle::Pickle> pickles;
  CHECK(pickle::describe_call(Sent(pickles, app::hash_words, std::vector<std::string>()).bytes())
            .find("app::hash_words(") != std::string::npos);
  CHECK(pickle::describe_call(Sent(pickles, length, "abc").bytes()).find("length(std::string)") != std::string::npos);
  CHECK(pickle::describe_call(Sent(pickles, app::identity<int>, 1).bytes()).find("identity<int>(int)") !=
        std::string::npos);
  CHECK(pickle::describe_call(Sent(pickles, &Account::times, Account(), 1).bytes()).find("Account::times(") !=
        std::string::npos);
  CHECK(pickle::describe_call(Sent(pickles, [] {}).bytes()).find("lambda") != std::string::npos);
  CHECK(pickle::describe_call(Sent(pickles, pickle::partial(length, "abc")).bytes()).find("partial(") == 0);
  CHECK_THAT(pickle::describe_call(Sent(pickles, pickle::partial(pickle::partial(app::identity<int>), 1)).bytes()),
             Catch::StartsWith("partial(partial(") && Catch::Contains("identity<int>))()"));
  CHECK(pickle::describe_call({}) == "a call that cannot be read");
  CHECK(pickle::describe_call(bytes_of(1, 2, 3, 4, 5)) == "a call that cannot be read");
}
