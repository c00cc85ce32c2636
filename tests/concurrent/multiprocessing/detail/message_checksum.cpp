// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <cstring>
#include <vector>

#include "support/catch.hpp"

namespace ipc = concurrent::multiprocessing::detail;

TEST_CASE("message_checksum: each bit of each byte, the seed and the length count") {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::vector<std::byte> bytes(size + 1, std::byte{0});
    const std::uint64_t sum = ipc::message_checksum(1, bytes.data(), size);
    CHECK(sum == ipc::message_checksum(1, bytes.data(), size));
    CHECK(sum != ipc::message_checksum(2, bytes.data(), size));
    CHECK(sum != ipc::message_checksum(1, bytes.data(), size + 1));
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= std::byte(1U << (bit % 8));
      CHECK(sum != ipc::message_checksum(1, bytes.data(), size));
      bytes[bit / 8] ^= std::byte(1U << (bit % 8));
    }
  }
}

TEST_CASE("message_checksum: two words that change places are told apart") {
  std::uint64_t words[2] = {3, 5};
  std::byte bytes[sizeof words];
  std::memcpy(bytes, words, sizeof words);
  const std::uint64_t sum = ipc::message_checksum(0, bytes, sizeof bytes);
  std::swap(words[0], words[1]);
  std::memcpy(bytes, words, sizeof words);
  CHECK(sum != ipc::message_checksum(0, bytes, sizeof bytes));
}

TEST_CASE("checksum_of_call, checksum_of_result: every word of the header counts") {
  const std::byte bytes[16] = {};
  const std::uint64_t call = ipc::checksum_of_call(8, 0, 0, bytes);
  CHECK(call != ipc::checksum_of_call(9, 0, 0, bytes));
  CHECK(call != ipc::checksum_of_call(8, 0, 1, bytes));
  CHECK(ipc::checksum_of_call(8, 64, 0, nullptr) != ipc::checksum_of_call(8, 128, 0, nullptr));
  CHECK(ipc::checksum_of_call(8, 64, 0, nullptr) != ipc::checksum_of_call(16, 64, 0, nullptr));
  const std::uint64_t result = ipc::checksum_of_result(7, 9, 8, 0, 1, bytes);
  CHECK(result != ipc::checksum_of_result(8, 9, 8, 0, 1, bytes));
  CHECK(result != ipc::checksum_of_result(7, 8, 8, 0, 1, bytes));
  CHECK(result != ipc::checksum_of_result(7, 9, 9, 0, 1, bytes));
  CHECK(result != ipc::checksum_of_result(7, 9, 8, 0, 2, bytes));
  CHECK(ipc::checksum_of_result(7, 9, 8, 64, 1, nullptr) != ipc::checksum_of_result(7, 9, 8, 128, 1, nullptr));
  CHECK(ipc::checksum_of_result(7, 9, 8, 64, 1, nullptr) != ipc::checksum_of_result(7, 9, 16, 64, 1, nullptr));
}
