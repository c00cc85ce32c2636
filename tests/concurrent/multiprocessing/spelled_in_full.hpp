// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <vector>

namespace support {

// In a file of its own, in which GCC spells std::deque<int> in full, from bytes that another file has made.
int first_of_queue(const std::vector<std::byte>& bytes);
int first_of_list(const std::vector<std::byte>& bytes);

}  // namespace support
