// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/future.hpp>

#include <concepts>

namespace concurrent::futures::inline v0 {

/// What ThreadPoolExecutor and ProcessPoolExecutor have in common: something that runs calls.
///
///     template <cf::Executor E>
///     void run(E& pool);
///
/// Python: concurrent.futures.Executor, as a base class.
template <class E>
concept Executor = requires(E& pool, int (*function)(int)) {
  { pool.submit(function, 1) } -> std::same_as<Future<int>>;
  { pool.max_workers() } -> std::convertible_to<int>;
  pool.shutdown();
  pool.shutdown(true, true);
};

}  // namespace concurrent::futures::inline v0
