// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/logging.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "support/catch.hpp"
#include "support/processes.hpp"

namespace cf = concurrent::futures;

namespace {

struct DefaultHandlerAfterwards {
  ~DefaultHandlerAfterwards() { cf::set_log_handler({}); }
};

}  // namespace

TEST_CASE("set_log_handler: the handler gets level and text") {
  const DefaultHandlerAfterwards afterwards;
  std::vector<std::pair<cf::LogLevel, std::string>> seen;
  const std::function<void(cf::LogLevel, std::string_view)> handler = [&](cf::LogLevel level, std::string_view text) {
    seen.emplace_back(level, text);
  };
  cf::set_log_handler(handler);
  cf::detail::log_message(cf::LogLevel::warning, "careful");
  cf::detail::log_message(cf::LogLevel::info, "by the way");
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].first == cf::LogLevel::warning);
  CHECK(seen[0].second == "careful");
  CHECK(seen[1].first == cf::LogLevel::info);
}

TEST_CASE("set_log_handler: a handler that is replaced is destroyed, and hears nothing more") {
  const DefaultHandlerAfterwards afterwards;
  auto calls = std::make_shared<int>(0);
  cf::set_log_handler([calls](cf::LogLevel, std::string_view) { ++*calls; });
  cf::detail::log_message(cf::LogLevel::error, "one");
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  cf::detail::log_message(cf::LogLevel::error, "two");
  CHECK(*calls == 1);
  CHECK(calls.use_count() == 1);
}

TEST_CASE("set_log_handler: nullptr, {} and an empty std::function bring back the default") {
  const DefaultHandlerAfterwards afterwards;
  int calls = 0;
  const auto count = [&](cf::LogLevel, std::string_view) { ++calls; };
  cf::set_log_handler(count);
  cf::set_log_handler(nullptr);
  cf::detail::log_message(cf::LogLevel::debug, "not on standard error either");
  cf::set_log_handler(count);
  cf::set_log_handler({});
  cf::detail::log_message(cf::LogLevel::debug, "nor this");
  cf::set_log_handler(count);
  cf::set_log_handler(std::function<void(cf::LogLevel, std::string_view)>());
  cf::detail::log_message(cf::LogLevel::debug, "nor this");
  CHECK(calls == 0);
}

TEST_CASE("set_log_handler: a handler may log, throw, and replace itself") {
  const DefaultHandlerAfterwards afterwards;
  int depth = 0;
  int replaced = 0;
  cf::set_log_handler([&](cf::LogLevel, std::string_view text) {
    if (++depth == 1) cf::detail::log_message(cf::LogLevel::debug, "from the handler");
    if (text == "replace") cf::set_log_handler([&](cf::LogLevel, std::string_view) { ++replaced; });
    if (text == "throw") throw 1;
  });
  cf::detail::log_message(cf::LogLevel::debug, "hello");
  CHECK(depth == 2);
  CHECK_NOTHROW(cf::detail::log_message(cf::LogLevel::debug, "throw"));
  cf::detail::log_message(cf::LogLevel::debug, "replace");
  cf::detail::log_message(cf::LogLevel::debug, "again");
  CHECK(replaced == 1);
}

TEST_CASE("logging: nobody reads standard error: who logs goes on, and pieces are written as long as there is room") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = support::fork_child([&] {
    ::alarm(20);
    ::dup2(ends[1], STDERR_FILENO);
    const std::string line(5000, 'x');
    cf::detail::log_message(cf::LogLevel::warning, line);  // in pieces
    for (int i = 0; i < 40; ++i) cf::detail::log_message(cf::LogLevel::error, line);
    return 0;
  });
  ::close(ends[1]);
  CHECK(support::wait_status(child) == 0);
  std::string written(200'000, '\0');
  std::size_t size = 0;
  for (ssize_t got = 0; (got = ::read(ends[0], written.data() + size, written.size() - size)) > 0;)
    size += static_cast<std::size_t>(got);
  ::close(ends[0]);
  CHECK(written.starts_with("warning: " + std::string(5000, 'x') + "\nerror: x"));
}
