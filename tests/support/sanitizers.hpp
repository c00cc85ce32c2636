// SPDX-License-Identifier: BSL-1.0
// What this test program was built with: GCC tells by macros, Clang by features.
#pragma once

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

/// 1 where a sanitizer has its own malloc and replaces functions of the C library, so that tests cannot.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
#define SUPPORT_SANITIZED 1
#else
#define SUPPORT_SANITIZED 0
#endif

namespace support {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
inline constexpr bool sanitizes_addresses = true;
#else
inline constexpr bool sanitizes_addresses = false;
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
inline constexpr bool sanitizes_threads = true;
#else
inline constexpr bool sanitizes_threads = false;
#endif
inline constexpr bool sanitizes_addresses_or_threads = sanitizes_addresses || sanitizes_threads;

/// The check of a virtual call opens a pipe to see whether memory can be read; refused one, it reports an error.
#if defined(__clang__) && __has_feature(undefined_behavior_sanitizer)
inline constexpr bool sanitizer_needs_descriptors = true;
#else
inline constexpr bool sanitizer_needs_descriptors = false;
#endif

/// Whether another processor than this machine's is imitated (the presets aarch64 and riscv64).
#ifdef SUPPORT_EMULATED
inline constexpr bool is_emulated = true;
#else
inline constexpr bool is_emulated = false;
#endif

/// By how much things are slower, and so by how much large values are smaller.
inline constexpr int slowness = SUPPORT_SANITIZED || is_emulated ? 5 : 1;

/// How often a test does what it does so many times elsewhere to meet a rare instant: a sanitizer is there for what is
/// wrong every time, and takes too long for the rest.
constexpr int rounds(int elsewhere) { return slowness > 1 ? (elsewhere + 4) / 5 : elsewhere; }

}  // namespace support
