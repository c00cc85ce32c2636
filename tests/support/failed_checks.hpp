// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace support {

/// How many checks have failed in this process so far. A forked child of a test has nobody else to ask: Catch2 tells
/// the parent nothing of it.
int& failed_checks();

}  // namespace support
