// SPDX-License-Identifier: BSL-1.0
/// All of concurrent::futures for one machine.
#pragma once

#include <concurrent/version.hpp>

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/as_completed.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/executor.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/inherited.hpp>
#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/futures/map.hpp>
#include <concurrent/futures/partial.hpp>
#include <concurrent/futures/process.hpp>
#include <concurrent/futures/stop_token.hpp>
#include <concurrent/futures/task_progress.hpp>
#include <concurrent/futures/thread.hpp>
#include <concurrent/futures/wait.hpp>
#include <concurrent/futures/worker_local.hpp>
#include <concurrent/pickle.hpp>

#include <algorithm>  // not for this library: programs have come to have std::sort and the like from here

namespace concurrent::futures::inline v0 {

using pickle::PicklingError;
using pickle::RemoteError;
using pickle::RemoteTraceback;
using pickle::UnpicklingError;

}  // namespace concurrent::futures::inline v0

// The one translation unit of a program that has all definitions has them for every header.
#ifdef CONCURRENT_FUTURES_IMPLEMENTATION
#ifndef CONCURRENT_FUTURES_DEFINITIONS
#error "concurrent::futures: define CONCURRENT_FUTURES_IMPLEMENTATION before the first #include of this library."
#endif
#include <concurrent/multiprocessing.hpp>
#endif
