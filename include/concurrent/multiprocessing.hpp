// SPDX-License-Identifier: BSL-1.0
/// All of concurrent::multiprocessing: start methods, this process and its parent, processors.
#pragma once

#include <concurrent/multiprocessing/context.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/multiprocessing/spin.hpp>
