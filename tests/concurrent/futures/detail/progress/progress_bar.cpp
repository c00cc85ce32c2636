// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/progress/progress_bar.hpp>

#include <string>

#include "support/catch.hpp"

using concurrent::futures::detail::bar_line;
using concurrent::futures::detail::clock_text;
using concurrent::futures::detail::columns_of;
using concurrent::futures::detail::cut_to_columns;
using concurrent::futures::detail::rate_text;

TEST_CASE("progress bar: times are minutes and seconds, and hours where there are any") {
  CHECK(clock_text(0) == "00:00");
  CHECK(clock_text(65.9) == "01:05");
  CHECK(clock_text(7265) == "2:01:05");
}

TEST_CASE("progress bar: a rate below one a second is told as its inverse") {
  CHECK(rate_text(0, 1, "it") == "?it/s");
  CHECK(rate_text(31, 2, "it") == "15.5it/s");
  CHECK(rate_text(5000, 2, "word") == "2500word/s");
  CHECK(rate_text(2, 9, "it") == "4.50s/it");
}

TEST_CASE("progress bar: with a total, the line has percent, bar, counts, times and rate") {
  CHECK(bar_line("", "it", 10, 40, 2, 60) == " 25%|######                   | 10/40 [00:02<00:06, 5.0it/s]");
  CHECK(bar_line("words", "w", 40, 40, 4, 60) == "words: 100%|##################| 40/40 [00:04<00:00, 10.0w/s]");
  CHECK(bar_line("", "it", 0, 40, 2, 50) == "  0%|                      | 0/40 [00:02<?, ?it/s]");
  CHECK(bar_line("", "it", 0, 0, 0, 200).substr(0, 5) == "100%|");
}

TEST_CASE("progress bar: without a total, or beyond it, the line has the count alone") {
  CHECK(bar_line("x", "it", 10, std::nullopt, 2, 60) == "x: 10it [00:02, 5.0it/s]");
  CHECK(bar_line("x", "it", 11, 10, 2, 60) == "x: 11it [00:02, 5.5it/s]");
}

TEST_CASE("progress bar: no line is longer than the terminal is wide") {
  CHECK(bar_line("", "it", 10, 40, 2, 34) == " 25% 10/40 [00:02<00:06, 5.0it/s]");
  for (std::size_t width = 0; width < 120; ++width) {
    CHECK(columns_of(bar_line("größer", "ü", 10, 40, 2, width)) <= width);
    CHECK(columns_of(bar_line("größer", "ü", 10, std::nullopt, 2, width)) <= width);
  }
  CHECK(columns_of(bar_line("", "it", 10, 40, 2, 60)) == 60);
}

TEST_CASE("progress bar: text is cut between letters") {
  CHECK(cut_to_columns("größer", 3) == "grö");
  CHECK(cut_to_columns("größer", 9) == "größer");
  CHECK(cut_to_columns("größer", 0).empty());
}
