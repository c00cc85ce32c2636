// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <concurrent/futures/detail/process_pool/helper_link.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/multiprocessing/detail/zygote_process.impl.hpp>
#include <thread>

#include "support/catch.hpp"

using concurrent::futures::detail::HelperLink;
using Report = HelperLink::Report;

using namespace std::chrono_literals;

TEST_CASE("HelperLink: reports come out in their order, each once, and the helper's own end is told from the others") {
  HelperLink link;
  link.open(4);
  Report report{};
  CHECK_FALSE(link.take_report(report));
  for (std::uint32_t worker = 0; worker < 4; ++worker) {
    Report posted{};
    posted.kind = Report::Kind::ended;
    posted.worker = worker;
    link.post(posted);
  }
  link.post(HelperLink::end_of_helper(9));
  for (std::uint32_t worker = 0; worker < 4; ++worker) {
    REQUIRE(link.take_report(report));
    CHECK(report.worker == worker);
    CHECK_FALSE(HelperLink::is_end_of_helper(report));
  }
  REQUIRE(link.take_report(report));
  CHECK(HelperLink::is_end_of_helper(report));
  CHECK(report.status == 9);
  Report other = report;
  other.kind = Report::Kind::ended;
  CHECK_FALSE(HelperLink::is_end_of_helper(other));
  other = report;
  other.worker = 0;
  CHECK_FALSE(HelperLink::is_end_of_helper(other));
  CHECK_FALSE(link.take_report(report));
}

TEST_CASE("HelperLink: an answer ends the wait for it and for those before it, and so does the helper's end") {
  HelperLink link;
  const std::uint32_t first = link.ask();  // there is no helper: the request is lost
  const std::uint32_t second = link.ask();
  CHECK(second == first + 1);
  const auto in = [](auto time) { return std::chrono::steady_clock::now() + time; };
  const auto late = in(20ms);
  link.wait_for_answer(first, late);
  CHECK(std::chrono::steady_clock::now() >= late);

  const auto deadline = in(20s);
  std::thread monitor([&] { link.note_answer(second); });
  link.wait_for_answer(second, deadline);
  link.wait_for_answer(first, deadline);
  monitor.join();
  CHECK(std::chrono::steady_clock::now() < deadline);

  const std::uint32_t third = link.ask();
  std::thread end([&] { link.note_silence(); });
  link.wait_for_answer(third, in(20s));
  end.join();
  CHECK(std::chrono::steady_clock::now() < deadline);
}
