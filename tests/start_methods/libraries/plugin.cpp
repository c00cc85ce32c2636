// SPDX-License-Identifier: BSL-1.0
// A library that the tests open while they run. OTHER_BUILD makes another library with the same functions.

#ifdef OTHER_BUILD
// Moves the function that follows.
extern "C" int plugin_padding(int value) {
  for (int i = 0; i < 100; ++i) value = value * 31 + i;
  return value;
}
#endif

extern "C" int plugin_thrice(int value) { return 3 * value; }
