// SPDX-License-Identifier: BSL-1.0
#include "exception_twin.hpp"
#include "round_trip.hpp"

#include <any>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

using namespace std::string_literals;

namespace {

template <class Throw>
std::exception_ptr thrown_by(Throw&& throws) {
  try {
    throws();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

template <class T>
std::exception_ptr thrown(const T& exception) {
  return thrown_by([&] { throw exception; });
}

std::exception_ptr sent(const std::exception_ptr& exception) {
  pickle::detail::VectorWriter writer;
  pickle::dump_exception(writer, exception);
  const Bytes bytes = writer.take();
  pickle::Reader reader(bytes);
  const auto loaded = pickle::load_exception(reader);
  CHECK(reader.remaining() == 0);
  return loaded;
}

std::exception_ptr sent_by_worker(const std::exception_ptr& exception) {
  pickle::detail::VectorWriter writer;
  pickle::dump_exception(writer, exception);
  const Bytes bytes = writer.take();
  pickle::Reader reader(bytes);
  return pickle::load_exception(reader, "ForkProcess-1", 42, "work(int)");
}

// Calls check(e) with the exception if a handler for T catches it; fails otherwise.
template <class T, class Check>
void check_caught(const std::exception_ptr& exception, Check&& check) {
  REQUIRE(exception);
  try {
    std::rethrow_exception(exception);
  } catch (const T& e) {
    check(e);
  } catch (...) {
    FAIL("caught " << pickle::exception_type_name(exception));
  }
}

template <class T>
void check_arrives_as_is(const T& exception) {
  const auto loaded = sent(thrown(exception));
  check_caught<T>(loaded, [&](const T& e) {
    CHECK(typeid(e) == typeid(T));
    CHECK(e.what() == std::string(exception.what()));
  });
}

std::exception_ptr nested_in(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::nested_exception& nested) {
    return nested.nested_ptr();
  } catch (...) {
    return nullptr;
  }
}

}  // namespace

namespace app {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Special : Failure {
  explicit Special(int n) : Failure("special " + std::to_string(n)) {}
};
struct Coded : std::exception {
  int code = 0;
  std::string why;
  Coded() = default;
  Coded(int c, std::string w) : code(c), why(std::move(w)) {}
  const char* what() const noexcept override { return why.c_str(); }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, why);
  }
};
struct Final final : std::logic_error {
  using std::logic_error::logic_error;
};
struct OutOfMemory : std::bad_alloc {
  const char* what() const noexcept override { return "no memory for the cache"; }
};
struct Talkative : std::exception {
  const char* what() const noexcept override { return "I am not declared"; }
};
struct Plain {  // no std::exception
  int number = 0;
};
struct Unknown {
  int number = 0;
};
struct Fixed : std::runtime_error {
  Fixed() : std::runtime_error("always the same") {}
};
struct Both : Failure, std::nested_exception {
  using Failure::Failure;
};
struct Secret : std::runtime_error {
  Secret() : std::runtime_error("secret") {}
  template <class Archive>
  void save(Archive&) const {
    throw std::range_error("cannot be saved");
  }
  template <class Archive>
  void load(Archive&) {}
};

// With members of its own, of which serialize tells, while the text is in the base.
struct WithCode : std::runtime_error {
  int code = 0;
  WithCode() : std::runtime_error("") {}
  WithCode(int c, const std::string& text) : std::runtime_error(text), code(c) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(code);
  }
};
struct WithPlace : std::logic_error {
  std::string place;
  WithPlace() : std::logic_error("") {}
  WithPlace(const std::string& text, std::string p) : std::logic_error(text), place(std::move(p)) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(place);
  }
};
struct SaysMore : WithCode {  // what() adds to the base's text
  SaysMore() = default;
  SaysMore(int c, const std::string& text) : WithCode(c, text) { add(); }
  const char* what() const noexcept override { return text_.c_str(); }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(code, text_);
  }

 private:
  void add() { text_ = std::string(std::runtime_error::what()) + " (" + std::to_string(code) + ")"; }
  std::string text_;
};
struct DatabaseError : std::system_error {
  int row = 0;
  DatabaseError() : std::system_error(std::error_code()) {}
  DatabaseError(std::errc error, const std::string& text, int r)
      : std::system_error(std::make_error_code(error), text), row(r) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(row);
  }
};
struct Prefixed : std::runtime_error {
  explicit Prefixed(const std::string& text) : std::runtime_error("cannot parse: " + text + "!") {}
};
struct Twice : std::runtime_error {  // cannot be made of its text
  explicit Twice(const std::string& text) : std::runtime_error(text + ", I say: " + text) {}
};
struct OwnText : std::exception {
  explicit OwnText(const std::string& text) : text_("mine: " + text) {}
  const char* what() const noexcept final { return text_.c_str(); }

 private:
  std::string text_;
};
struct Mute : std::exception {  // what() is a null pointer
  const char* what() const noexcept override { return nullptr; }
};
struct DeclaredMute : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
struct MuteError : std::runtime_error {
  using std::runtime_error::runtime_error;
  const char* what() const noexcept override { return nullptr; }
};

CONCURRENT_FUTURES_EXCEPTION(WithCode);
CONCURRENT_FUTURES_EXCEPTION(WithPlace);
CONCURRENT_FUTURES_EXCEPTION(SaysMore);
CONCURRENT_FUTURES_EXCEPTION(DatabaseError);
CONCURRENT_FUTURES_EXCEPTION(Prefixed);
CONCURRENT_FUTURES_EXCEPTION(Twice);
CONCURRENT_FUTURES_EXCEPTION(OwnText);
CONCURRENT_FUTURES_EXCEPTION(DeclaredMute);
CONCURRENT_FUTURES_EXCEPTION(MuteError);

CONCURRENT_FUTURES_EXCEPTION(Failure);
CONCURRENT_FUTURES_EXCEPTION(Coded);
CONCURRENT_FUTURES_EXCEPTION(Final);
CONCURRENT_FUTURES_EXCEPTION(Plain);
CONCURRENT_FUTURES_EXCEPTION(Secret);
CONCURRENT_FUTURES_EXCEPTION(Fixed)
CONCURRENT_FUTURES_EXCEPTION(Both)

struct Private : private std::runtime_error {
  Private() : std::runtime_error("private") {}
};
struct HalfPrivate : private std::logic_error, public std::bad_alloc {
  HalfPrivate() : std::logic_error("half") {}
  const char* what() const noexcept override { return "half private"; }
};

}  // namespace app

TEST_CASE("exception: the standard library's arrive with their type and text") {
  check_arrives_as_is(std::runtime_error("a"));
  check_arrives_as_is(std::logic_error("b"));
  check_arrives_as_is(std::invalid_argument("c"));
  check_arrives_as_is(std::domain_error("d"));
  check_arrives_as_is(std::length_error("e"));
  check_arrives_as_is(std::out_of_range("f"));
  check_arrives_as_is(std::range_error("g"));
  check_arrives_as_is(std::overflow_error("h"));
  check_arrives_as_is(std::underflow_error("i"));
  check_arrives_as_is(std::exception());
  check_arrives_as_is(std::bad_alloc());
  check_arrives_as_is(std::bad_array_new_length());
  check_arrives_as_is(std::bad_cast());
  check_arrives_as_is(std::bad_any_cast());
  check_arrives_as_is(std::bad_typeid());
  check_arrives_as_is(std::bad_exception());
  check_arrives_as_is(std::bad_optional_access());
  check_arrives_as_is(std::bad_variant_access());
  check_arrives_as_is(std::bad_weak_ptr());
  check_arrives_as_is(pickle::PicklingError("j"));
  check_arrives_as_is(pickle::UnpicklingError("k"));
  check_arrives_as_is(pickle::RemoteError("l"));
}

TEST_CASE("exception: std::system_error keeps its code, and its text once") {
  for (const std::string text : {"open", "", "with: colon"}) {
    const std::system_error error(ENOENT, std::generic_category(), text);
    check_arrives_as_is(error);
    check_caught<std::system_error>(sent(thrown(error)), [&](const std::system_error& e) {
      CHECK(e.code() == std::error_code(ENOENT, std::generic_category()));
      CHECK(e.code() == std::errc::no_such_file_or_directory);
    });
  }
  check_arrives_as_is(std::system_error(EACCES, std::system_category()));
  check_arrives_as_is(std::ios_base::failure("read", std::io_errc::stream));
  try {  // a class of libstdc++'s own, described by one of its own
    std::istringstream stream("x");
    stream.exceptions(std::ios::failbit);
    int number = 0;
    stream >> number;
    FAIL("the stream took it");
  } catch (const std::ios_base::failure& failure) {
    const std::ios_base::failure same("", failure.code());
    pickle::detail::VectorWriter writer;
    pickle::dump_exception(writer, std::current_exception());
    pickle::Reader reader({writer.data(), writer.size()});
    try {
      std::rethrow_exception(pickle::load_exception(reader, "worker", 1, "f()"));
    } catch (const std::ios_base::failure& arrived) {
      CHECK(arrived.code() == failure.code());
      CHECK(std::string(arrived.what()) == failure.what());
    }
  }
}

TEST_CASE("exception: filesystem_error keeps its paths") {
  const std::error_code code(EACCES, std::system_category());
  const std::filesystem::filesystem_error error("copy", "/from here", "/to", code);
  check_arrives_as_is(error);
  check_caught<std::filesystem::filesystem_error>(sent(thrown(error)), [&](const std::filesystem::filesystem_error& e) {
    CHECK(e.path1() == "/from here");
    CHECK(e.path2() == "/to");
    CHECK(e.code() == code);
  });
  check_arrives_as_is(std::filesystem::filesystem_error("remove", "/a", code));
  check_arrives_as_is(std::filesystem::filesystem_error("stat", code));
}

TEST_CASE("exception: those from heavy headers that the program includes itself arrive, too") {
  check_arrives_as_is(std::bad_function_call());
  check_arrives_as_is(std::future_error(std::future_errc::broken_promise));
  check_caught<std::future_error>(sent(thrown(std::future_error(std::future_errc::no_state))),
                                  [](const auto& e) { CHECK(e.code() == std::future_errc::no_state); });
  const auto regex = thrown_by([] { std::regex("(unclosed"); });
  check_caught<std::regex_error>(sent(regex), [&](const std::regex_error& e) {
    CHECK(e.code() == std::regex_constants::error_paren);
    check_caught<std::regex_error>(regex,
                                   [&](const auto& original) { CHECK(e.what() == std::string(original.what())); });
  });
}

TEST_CASE("exception: a program's own arrive with their type once they are declared") {
  check_arrives_as_is(app::Failure("mine"));
  check_arrives_as_is(app::Final("mine"));
  check_arrives_as_is(app::Fixed());
  check_arrives_as_is(app::Both("mine"));
  check_caught<app::Coded>(sent(thrown(app::Coded(7, "why"))), [](const app::Coded& e) {
    CHECK(e.code == 7);
    CHECK(e.why == "why");
  });
  check_caught<app::Plain>(sent(thrown(app::Plain{3})), [](const app::Plain& e) { CHECK(e.number == 3); });
}

TEST_CASE("exception: one that is not declared arrives as its nearest known base") {
  check_caught<app::Failure>(sent(thrown(app::Special(5))), [](const app::Failure& e) {
    CHECK(e.what() == std::string("special 5"));
    CHECK(typeid(e) == typeid(app::Failure));
  });
  check_caught<std::bad_alloc>(sent(thrown(app::OutOfMemory())), [](const std::bad_alloc& e) {
    CHECK(e.what() == std::string("no memory for the cache"));
  });
  check_caught<std::exception>(sent(thrown(app::Talkative())),
                               [](const std::exception& e) { CHECK(e.what() == std::string("I am not declared")); });
}

TEST_CASE("exception: a private base is none that it could be caught by") {
  check_caught<std::bad_alloc>(sent(thrown(app::HalfPrivate())), [](const std::bad_alloc&) {});
  check_caught<pickle::RemoteError>(sent(thrown(app::Private())), [](const pickle::RemoteError&) {});
}

TEST_CASE("exception: the real type's name is in the cause") {
  const auto loaded = sent_by_worker(thrown(app::Special(5)));
  check_caught<app::Failure>(loaded, [](const app::Failure&) {});
  check_caught<pickle::RemoteTraceback>(nested_in(loaded), [](const pickle::RemoteTraceback& e) {
    CHECK(e.type_name() == "app::Special");
    CHECK(e.message() == "special 5");
    CHECK(e.worker_name() == "ForkProcess-1");
    CHECK(e.pid() == 42);
    CHECK(e.task() == "work(int)");
  });
}

TEST_CASE("exception: what is no std::exception is a RemoteError that says what it was") {
  const auto text_of = [](const std::exception_ptr& exception) {
    std::string text;
    check_caught<pickle::RemoteError>(sent(exception), [&](const pickle::RemoteError& e) { text = e.what(); });
    return text;
  };
  CHECK(text_of(thrown(0)) == "int: 0");
  CHECK(text_of(thrown(42)) == "int: 42");
  CHECK(text_of(thrown(std::uint64_t{7})) == "unsigned long: 7");
  CHECK(text_of(thrown(std::string("text"))) == "std::string: text");
  CHECK(text_of(thrown_by([] { throw "literal"; })) == "char const*: literal");
  CHECK(text_of(thrown(app::Unknown{3})) == "app::Unknown");
  CHECK(text_of(thrown(nullptr)) == "decltype(nullptr)");
}

TEST_CASE("exception: what is nested travels with it, to the end of the chain") {
  const auto chain = thrown_by([] {
    try {
      try {
        throw std::logic_error("inner");
      } catch (...) {
        std::throw_with_nested(app::Failure("middle"));
      }
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  });
  const auto check_rest = [](const std::exception_ptr& middle) {
    check_caught<app::Failure>(middle, [](const app::Failure& e) { CHECK(e.what() == std::string("middle")); });
    const auto inner = nested_in(middle);
    check_caught<std::logic_error>(inner, [](const std::logic_error& e) { CHECK(e.what() == std::string("inner")); });
    CHECK(!nested_in(inner));
  };
  const auto loaded = sent(chain);
  check_caught<std::runtime_error>(loaded,
                                   [](const std::runtime_error& e) { CHECK(e.what() == std::string("outer")); });
  check_rest(nested_in(loaded));

  // from a worker, its traceback comes first
  const auto from_worker = sent_by_worker(chain);
  const auto traceback = nested_in(from_worker);
  check_caught<pickle::RemoteTraceback>(
      traceback, [](const pickle::RemoteTraceback& e) { CHECK(e.type_name() == "std::runtime_error"); });
  check_rest(nested_in(traceback));
  // and once more across, as from a pool within a task
  const auto twice = sent_by_worker(from_worker);
  check_caught<std::runtime_error>(twice, [](const std::runtime_error& e) { CHECK(e.what() == std::string("outer")); });
  const auto outer_traceback = nested_in(twice);
  check_caught<pickle::RemoteTraceback>(nested_in(outer_traceback),
                                        [](const pickle::RemoteTraceback& e) { CHECK(e.task() == "work(int)"); });
  check_rest(nested_in(nested_in(outer_traceback)));
}

TEST_CASE("exception: a type that is a nested_exception itself holds the cause itself") {
  const auto loaded = sent_by_worker(thrown(app::Both("mine")));
  check_caught<app::Both>(loaded, [](const app::Both& e) { CHECK(e.what() == std::string("mine")); });
  check_caught<pickle::RemoteTraceback>(nested_in(loaded), [](const auto& e) { CHECK(e.type_name() == "app::Both"); });
}

TEST_CASE("exception: a type that cannot hold a cause arrives without it") {
  check_caught<app::Final>(sent_by_worker(thrown(app::Final("mine"))),
                           [](const app::Final& e) { CHECK(e.what() == std::string("mine")); });
}

TEST_CASE("exception: one whose own pickling throws is not lost") {
  check_caught<pickle::RemoteError>(sent(thrown(app::Secret())), [](const pickle::RemoteError& e) {
    CHECK(e.what() == std::string("app::Secret: secret"));
  });
}

TEST_CASE("exception: an exception_ptr is a value") {
  const auto loaded = there_and_back(std::vector<std::exception_ptr>{thrown(app::Failure("mine")), nullptr});
  REQUIRE(loaded.size() == 2);
  check_caught<app::Failure>(loaded[0], [](const app::Failure& e) { CHECK(e.what() == std::string("mine")); });
  CHECK(!loaded[1]);
  CHECK(refuses_other_lengths(thrown(app::Coded(1, "why"))));
}

TEST_CASE("exception: every exception has a name that a program could write") {
  CHECK(pickle::exception_type_name(thrown(app::Special(1))) == "app::Special");
  CHECK(pickle::exception_type_name(thrown(3)) == "int");
  CHECK(pickle::exception_type_name(thrown(pickle::RemoteError("x"))) == "concurrent::pickle::RemoteError");
  CHECK(pickle::exception_type_name(sent_by_worker(thrown(app::Failure("x")))) == "app::Failure");
  CHECK(pickle::exception_type_name(nullptr) == "no exception");
}

TEST_CASE("exception: forged bytes are refused") {
  pickle::detail::VectorWriter writer;
  pickle::dump_exception(writer, thrown(std::system_error(2, std::generic_category(), "open")));
  const Bytes good = writer.take();
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    pickle::Reader reader(cut);
    REQUIRE_THROWS_AS(pickle::load_exception(reader), pickle::UnpicklingError);
  }
  // a type that this process does not know: its name and text arrive all the same
  pickle::detail::VectorWriter unknown;
  pickle::dump(unknown, true);
  pickle::dump(unknown, std::string("far::Away"));
  pickle::dump(unknown, std::string("text"));
  pickle::dump(unknown, false);
  pickle::dump(unknown, std::string("N3far4AwayE"));
  pickle::dump(unknown, std::pair<std::uint64_t, std::uint64_t>(1, 2));  // of a module that is not there, and where
  pickle::dump(unknown, std::uint64_t{2});
  pickle::dump(unknown, std::uint16_t{7});
  const Bytes bytes = unknown.take();
  pickle::Reader reader(bytes);
  check_caught<pickle::RemoteError>(pickle::load_exception(reader), [](const pickle::RemoteError& e) {
    CHECK(e.what() == std::string("far::Away: text"));
  });
  CHECK(reader.remaining() == 0);
}

TEST_CASE("exception: an own one with serialize keeps the text and the code of the standard's class it derives from") {
  check_arrives_as_is(app::WithCode(3, "not found"));
  check_caught<app::WithCode>(sent(thrown(app::WithCode(3, "not found"))),
                              [](const app::WithCode& e) { CHECK(e.code == 3); });
  check_arrives_as_is(app::WithPlace("unexpected end", "line 7"));
  check_caught<app::WithPlace>(sent(thrown(app::WithPlace("unexpected end", "line 7"))),
                               [](const app::WithPlace& e) { CHECK(e.place == "line 7"); });
  check_arrives_as_is(app::SaysMore(3, "not found"));
  check_caught<app::SaysMore>(sent(thrown(app::SaysMore(3, "not found"))),
                              [](const app::SaysMore& e) { CHECK(e.std::runtime_error::what() == "not found"s); });
  const app::DatabaseError error(std::errc::timed_out, "commit", 5);
  check_arrives_as_is(error);
  check_caught<app::DatabaseError>(sent(thrown(error)), [](const app::DatabaseError& e) {
    CHECK(e.row == 5);
    CHECK(e.code() == std::errc::timed_out);
  });
}

TEST_CASE("exception: what an own one's constructor adds to the text is added once") {
  check_arrives_as_is(app::Prefixed("x"));
  check_arrives_as_is(app::Prefixed(""));
  check_arrives_as_is(app::OwnText("x"));
}

TEST_CASE("exception: one whose what() is a null pointer arrives like any other") {
  check_caught<std::exception>(sent(thrown(app::Mute())), [](const std::exception& e) { CHECK(e.what() == ""s); });
  check_caught<app::DeclaredMute>(sent(thrown(app::DeclaredMute())),
                                  [](const app::DeclaredMute& e) { CHECK(e.what() == nullptr); });
  check_caught<app::MuteError>(sent(thrown(app::MuteError("a"))),
                               [](const app::MuteError& e) { CHECK(e.what() == nullptr); });
  const auto nested = thrown_by([] {
    try {
      throw app::Mute();
    } catch (...) {
      std::throw_with_nested(app::DeclaredMute());
    }
  });
  check_caught<app::DeclaredMute>(sent_by_worker(nested), [](const app::DeclaredMute&) {});
  check_caught<pickle::RemoteTraceback>(nested_in(sent_by_worker(nested)), [](const pickle::RemoteTraceback& remote) {
    CHECK(remote.type_name() == "app::DeclaredMute");
    CHECK(remote.message().empty());
  });
}

TEST_CASE("exception: those that have the same name in several files arrive each as its own type") {
  const auto check_type = [](void (*throws)(), const std::type_info& type, const std::string& text) {
    const auto loaded = sent(thrown_by(throws));
    // by address, as a compiler may take two types of the same name for one
    check_caught<std::exception>(loaded, [&](const std::exception& e) {
      CHECK(&typeid(e) == &type);
      CHECK(e.what() == text);
    });
  };
  check_type(first_twin.throw_named, *first_twin.named, "first");
  check_type(second_twin.throw_named, *second_twin.named, "second");
  check_type(first_twin.throw_local, *first_twin.local, "first");
  check_type(second_twin.throw_local, *second_twin.local, "second");
  CHECK(first_twin.named != second_twin.named);
  CHECK(first_twin.local != second_twin.local);

  // declared in the first file, and no reason to take the second's for it
  check_type(second_twin.throw_undeclared, typeid(std::range_error), "second");
}

namespace {

template <class T>
void check_value_arrives(const T& exception) {
  CHECK(there_and_back(exception).what() == std::string(exception.what()));
  CHECK(refuses_other_lengths(exception));
}

}  // namespace

TEST_CASE("exceptions as values: those that cross with their type, in containers and variants, too") {
  check_value_arrives(std::runtime_error("text"));
  check_value_arrives(std::out_of_range(""));
  check_value_arrives(std::bad_alloc());
  check_value_arrives(app::Failure("declared"));
  check_value_arrives(app::Prefixed("here"));
  check_value_arrives(app::OwnText("here"));
  const std::system_error coded(std::make_error_code(std::errc::timed_out), "read");
  check_value_arrives(coded);
  CHECK(there_and_back(coded).code() == coded.code());
  const std::filesystem::filesystem_error file("open", "a", "b", std::make_error_code(std::errc::no_space_on_device));
  CHECK(there_and_back(file).path2() == "b");
  CHECK(there_and_back(app::WithCode(7, "mine")).code == 7);
  check_value_arrives(app::WithCode(7, "mine"));
  check_value_arrives(app::SaysMore(7, "mine"));
  check_value_arrives(app::DatabaseError(std::errc::timed_out, "select", 5));
  CHECK(there_and_back(app::DatabaseError(std::errc::timed_out, "select", 5)).code() == std::errc::timed_out);
  check_value_arrives(app::Twice("here"));
  CHECK(there_and_back(std::vector<std::logic_error>(2, std::logic_error("x")))[1].what() == "x"s);
  const auto outcome = there_and_back(std::variant<int, std::runtime_error>(std::runtime_error("bad")));
  CHECK(std::get<1>(outcome).what() == "bad"s);
}

TEST_CASE("exceptions as values: one that is not declared is refused where it is written") {
  STATIC_REQUIRE(pickle::Picklable<app::Special>);
  CHECK_THROWS_WITH(pickle::dumps(app::Special(3)),
                    Catch::Contains("app::Special is an exception that is not declared") &&
                        Catch::Contains("CONCURRENT_FUTURES_EXCEPTION"));
}

TEST_CASE("exceptions as values: bytes of another one are refused") {
  CHECK_THROWS_WITH(pickle::loads<std::logic_error>(pickle::dumps(std::runtime_error("text"))),
                    Catch::Contains("an exception is no std::logic_error"));
  CHECK_THROWS_AS(pickle::loads<std::logic_error>(pickle::dumps(std::exception_ptr())), pickle::UnpicklingError);
}
