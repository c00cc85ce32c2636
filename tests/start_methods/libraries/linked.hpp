// SPDX-License-Identifier: BSL-1.0
#pragma once

/// In a shared library that the tests are linked with.
int linked_twice(int value);
