// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/worker_locals.hpp>

#include <type_traits>

namespace concurrent::futures::inline v0 {

/// In a task: this worker's own T, one for each worker process, or for each thread of a ThreadPoolExecutor. It is made,
/// without arguments, when it is first asked for, and the tasks that the worker runs after that find it as they left
/// it: for a connection, a loaded model, a buffer.
///
/// It is destroyed when the worker leaves in good order, after the pool's finalizer, the newest object first; not when
/// the worker is killed. What the destructor throws is logged. Outside of workers there is one for the program, which
/// is never destroyed.
///
/// Throws: what the constructor of T throws; the next call tries again. Threads: a process's is one for all threads of
/// its task. Python: a global that the initializer sets, or threading.local.
template <class T>
T& worker_local() {
  static_assert(std::is_default_constructible_v<T>,
                "concurrent::futures: worker_local: the object is made when a task first asks for it, without "
                "arguments. Give T a default constructor, or use a std::optional of it that the task fills.");
  return multiprocessing::detail::WorkerLocals::here().get<T>();
}

}  // namespace concurrent::futures::inline v0
