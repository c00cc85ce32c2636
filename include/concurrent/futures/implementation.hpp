// SPDX-License-Identifier: BSL-1.0
/// For one translation unit of a program with separate compilation (concurrent/config.hpp): it has all that the
/// others see the declarations of. What it includes before does not matter, a precompiled header neither.
#pragma once

#ifndef CONCURRENT_FUTURES_IMPLEMENTATION
#define CONCURRENT_FUTURES_IMPLEMENTATION
#endif

#include <concurrent/futures/detail/exceptions/exception_registry.hpp>
#include <concurrent/futures/detail/future/future_text.impl.hpp>
#include <concurrent/futures/detail/future/transitions.hpp>
#include <concurrent/futures/detail/future/waiting.hpp>
#include <concurrent/futures/detail/map/stream.impl.hpp>
#include <concurrent/futures/detail/map/submitters.impl.hpp>
#include <concurrent/futures/detail/pool/drainable.impl.hpp>
#include <concurrent/futures/detail/pool/pool_text.impl.hpp>
#include <concurrent/futures/detail/process_pool/call_writer.impl.hpp>
#include <concurrent/futures/detail/process_pool/control.hpp>
#include <concurrent/futures/detail/process_pool/deaths.hpp>
#include <concurrent/futures/detail/process_pool/handle.impl.hpp>
#include <concurrent/futures/detail/process_pool/helper_reports.hpp>
#include <concurrent/futures/detail/process_pool/manager.hpp>
#include <concurrent/futures/detail/process_pool/queue_limits.hpp>
#include <concurrent/futures/detail/process_pool/resize.hpp>
#include <concurrent/futures/detail/process_pool/results.hpp>
#include <concurrent/futures/detail/process_pool/start.hpp>
#include <concurrent/futures/detail/process_pool/submit.hpp>
#include <concurrent/futures/detail/process_pool/timers.hpp>
#include <concurrent/futures/detail/process_pool/trace.hpp>
#include <concurrent/futures/detail/process_pool/waiting.hpp>
#include <concurrent/futures/detail/thread_pool/calls.hpp>
#include <concurrent/futures/detail/thread_pool/threads.hpp>
#include <concurrent/futures/detail/thread_pool/trace.hpp>
#include <concurrent/futures/detail/trace/trace_open.impl.hpp>
#include <concurrent/multiprocessing/detail/fresh_image_main.hpp>
#include <concurrent/multiprocessing/detail/manager_link.impl.hpp>
#include <concurrent/multiprocessing/detail/manager_process.hpp>
#include <concurrent/multiprocessing/detail/manager_server.hpp>
#include <concurrent/multiprocessing/detail/proxy_base.impl.hpp>
#include <concurrent/multiprocessing/detail/zygote_process.impl.hpp>
#include <concurrent/pickle/detail/exception.impl.hpp>
#include <concurrent/pickle/detail/exception_lookup.impl.hpp>
#include <concurrent/pickle/detail/function.impl.hpp>
#include <concurrent/pickle/detail/memory_map.hpp>
#include <concurrent/pickle/detail/module.impl.hpp>
#include <concurrent/pickle/detail/readable_name.impl.hpp>
#include <concurrent/pickle/detail/symbols.impl.hpp>
