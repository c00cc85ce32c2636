// SPDX-License-Identifier: BSL-1.0
// Every kind of value that can be pickled with no code from the user. They come together, since what a type consists of
// is not known before it is used.
#pragma once

#include <concurrent/pickle/associative.hpp>
#include <concurrent/pickle/custom.hpp>
#include <concurrent/pickle/detail/check.hpp>
#include <concurrent/pickle/error_code.hpp>
#include <concurrent/pickle/function.hpp>
#include <concurrent/pickle/optional.hpp>
#include <concurrent/pickle/pointers.hpp>
#include <concurrent/pickle/random_engine.hpp>
#include <concurrent/pickle/scalar.hpp>
#include <concurrent/pickle/sequence.hpp>
#include <concurrent/pickle/shaped.hpp>
#include <concurrent/pickle/strings.hpp>
#include <concurrent/pickle/time.hpp>
#include <concurrent/pickle/tuple.hpp>
#include <concurrent/pickle/valarray.hpp>
