// SPDX-License-Identifier: BSL-1.0
// Linked into all tests, and under ThreadSanitizer into the programs that they run.

/// The counting of an exception's owners is inside of libstdc++, where ThreadSanitizer does not look: it sees the end
/// of the exception and not what came before it.
extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier): the name is given
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
