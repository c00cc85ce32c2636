// SPDX-License-Identifier: BSL-1.0
#include "linked.hpp"

int linked_twice(int value) { return 2 * value; }
