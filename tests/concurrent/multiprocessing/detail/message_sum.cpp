// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <cstring>
#include <vector>

#include "support/catch.hpp"

namespace mpd = concurrent::multiprocessing::detail;

TEST_CASE("message_sum: each bit of each byte, the seed and the length count") {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::vector<std::byte> bytes(size + 1, std::byte{0});
    const std::uint64_t sum = mpd::message_sum(1, bytes.data(), size);
    CHECK(sum == mpd::message_sum(1, bytes.data(), size));
    CHECK(sum != mpd::message_sum(2, bytes.data(), size));
    CHECK(sum != mpd::message_sum(1, bytes.data(), size + 1));
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= std::byte(1U << (bit % 8));
      CHECK(sum != mpd::message_sum(1, bytes.data(), size));
      bytes[bit / 8] ^= std::byte(1U << (bit % 8));
    }
  }
}

TEST_CASE("message_sum: two words that change places are told apart") {
  std::uint64_t words[2] = {3, 5};
  std::byte bytes[sizeof words];
  std::memcpy(bytes, words, sizeof words);
  const std::uint64_t sum = mpd::message_sum(0, bytes, sizeof bytes);
  std::swap(words[0], words[1]);
  std::memcpy(bytes, words, sizeof words);
  CHECK(sum != mpd::message_sum(0, bytes, sizeof bytes));
}

TEST_CASE("sum_of_call, sum_of_result: every word of the header counts") {
  const std::byte bytes[16] = {};
  const std::uint64_t call = mpd::sum_of_call(8, 0, 0, bytes);
  CHECK(call != mpd::sum_of_call(9, 0, 0, bytes));
  CHECK(call != mpd::sum_of_call(8, 0, 1, bytes));
  CHECK(mpd::sum_of_call(8, 64, 0, nullptr) != mpd::sum_of_call(8, 128, 0, nullptr));
  CHECK(mpd::sum_of_call(8, 64, 0, nullptr) != mpd::sum_of_call(16, 64, 0, nullptr));
  const std::uint64_t result = mpd::sum_of_result(7, 9, 8, 0, 1, bytes);
  CHECK(result != mpd::sum_of_result(8, 9, 8, 0, 1, bytes));
  CHECK(result != mpd::sum_of_result(7, 8, 8, 0, 1, bytes));
  CHECK(result != mpd::sum_of_result(7, 9, 9, 0, 1, bytes));
  CHECK(result != mpd::sum_of_result(7, 9, 8, 0, 2, bytes));
  CHECK(mpd::sum_of_result(7, 9, 8, 64, 1, nullptr) != mpd::sum_of_result(7, 9, 8, 128, 1, nullptr));
  CHECK(mpd::sum_of_result(7, 9, 8, 64, 1, nullptr) != mpd::sum_of_result(7, 9, 16, 64, 1, nullptr));
}
