// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/future.hpp>

#include <concepts>

namespace concurrent::futures::inline v0 {

/// What ThreadPoolExecutor and ProcessPoolExecutor have in common: something that runs calls. A function that is
/// written for it finds in both of them `submit` and `try_submit` with and without TaskOptions, `map`, `map_unordered`,
/// `shutdown`, `shutdown_for`, `warm_up`, `trace`, `max_workers`, `set_max_workers`, `pending_work_items` and
/// `statistics`; another executor needs the first and what stands below. Only processes have `processes`,
/// `terminate_workers`, `kill_workers` and `mp_context`.
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
