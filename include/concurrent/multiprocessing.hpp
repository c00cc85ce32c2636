// SPDX-License-Identifier: BSL-1.0
/// All of concurrent::multiprocessing: start methods, this process and its parent, processors, what tasks share
/// (memory, values, locks, queues) and the Manager. Only ManagedMemory, containers in shared memory, is included by its
/// own name, <concurrent/multiprocessing/shared_objects.hpp>, for it costs time to compile.
#pragma once

#include <concurrent/version.hpp>

#include <concurrent/multiprocessing/barrier.hpp>
#include <concurrent/multiprocessing/condition.hpp>
#include <concurrent/multiprocessing/context.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/semaphore.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_event.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/multiprocessing/spin.hpp>
