// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace concurrent::futures::inline v0::detail {

/// "01:05", "2:01:05".
inline std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%02lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

/// "12.3it/s"; for what takes longer than a second, "4.50s/it".
inline std::string rate_text(double count, double seconds, const std::string& unit) {
  if (count <= 0 || seconds <= 0) return "?" + unit + "/s";
  const double rate = count / seconds;
  char number[48];
  if (rate < 1) {
    std::snprintf(number, sizeof number, "%.2fs/", 1 / rate);
    return number + unit;
  }
  std::snprintf(number, sizeof number, rate < 100 ? "%.1f" : "%.0f", rate);
  return number + unit + "/s";
}

inline bool starts_letter(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; }

/// How many columns UTF-8 text takes, where each letter takes one.
inline std::size_t columns_of(const std::string& text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_letter));
}
inline std::string cut_to_columns(const std::string& text, std::size_t columns) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (starts_letter(text[end]) && columns-- == 0) break;
  }
  return text.substr(0, end);
}

/// One line of at most `width` columns; what is not known is left out. `failed` of those that are done; `begun`: how
/// much of the next one is, from 0 to 1.
inline std::string bar_line(const std::string& desc, const std::string& unit, std::size_t done,
                            std::optional<std::size_t> total, double seconds, std::size_t width, std::size_t failed = 0,
                            double begun = 0) {
  const std::string label = desc.empty() ? std::string() : desc + ": ";
  std::string rate = rate_text(static_cast<double>(done), seconds, unit);
  if (failed != 0) rate += ", " + std::to_string(failed) + " failed";
  if (!total || done > *total) {
    return cut_to_columns(label + std::to_string(done) + unit + " [" + clock_text(seconds) + ", " + rate + "]", width);
  }
  const double part =
      *total == 0 ? 1 : (std::min)((static_cast<double>(done) + begun) / static_cast<double>(*total), 1.0);
  char percent[8];
  std::snprintf(percent, sizeof percent, "%3d%%", static_cast<int>(part * 100));
  const std::string left = part <= 0 ? "?" : clock_text(seconds / part - seconds);
  const std::string figures =
      std::to_string(done) + "/" + std::to_string(*total) + " [" + clock_text(seconds) + "<" + left + ", " + rate + "]";
  std::string line = label + percent;
  const std::size_t taken = columns_of(line) + columns_of(figures) + 3;  // "|", "| "
  if (taken + 4 <= width) {
    const std::size_t room = std::min<std::size_t>(width - taken, 60);
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(room));
    line += "|" + std::string(filled, '#') + std::string(room - filled, ' ') + "| ";
  } else {
    line += " ";
  }
  return cut_to_columns(line + figures, width);
}

/// Columns of the terminal on standard error now; it may change its size.
inline std::size_t terminal_width() noexcept {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// To standard error in one piece, past the program's own buffers: two lines are never mixed.
inline void write_to_terminal(const std::string& text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto written = ::write(STDERR_FILENO, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

}  // namespace concurrent::futures::inline v0::detail
