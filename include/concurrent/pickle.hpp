// SPDX-License-Identifier: BSL-1.0
// Values, callables and exceptions to bytes and back.
#pragma once

#include <concurrent/version.hpp>

#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/inherited.hpp>
#include <concurrent/pickle/partial.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/remote_traceback.hpp>
#include <concurrent/pickle/values.hpp>
#include <concurrent/pickle/writer.hpp>
