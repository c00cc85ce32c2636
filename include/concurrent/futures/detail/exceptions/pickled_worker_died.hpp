// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/exceptions.hpp>
#include <concurrent/pickle/values.hpp>

#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::pickle::inline v0 {

template <>
struct Pickler<futures::WorkerDied> {
  static void dump(Writer& writer, const futures::WorkerDied& error) {
    Pickler<std::string>::dump(writer, error.what());
    Pickler<std::string>::dump(writer, error.worker_name());
    Pickler<pid_t>::dump(writer, error.pid());
    Pickler<std::optional<int>>::dump(writer, error.exit_status());
    Pickler<std::optional<int>>::dump(writer, error.signal());
    Pickler<bool>::dump(writer, error.core_dumped());
    Pickler<std::string>::dump(writer, error.task());
    Pickler<std::string>::dump(writer, error.phase());
    Pickler<std::string>::dump(writer, error.host());
  }
  static futures::WorkerDied load(Reader& reader) {
    const auto what = Pickler<std::string>::load(reader);
    auto worker_name = Pickler<std::string>::load(reader);
    const auto pid = Pickler<pid_t>::load(reader);
    const auto exit_status = Pickler<std::optional<int>>::load(reader);
    const auto signal = Pickler<std::optional<int>>::load(reader);
    const auto core_dumped = Pickler<bool>::load(reader);
    auto task = Pickler<std::string>::load(reader);
    auto phase = Pickler<std::string>::load(reader);
    auto host = Pickler<std::string>::load(reader);
    return {what,           pid,         std::move(worker_name), exit_status,
            signal,         core_dumped, std::move(task),        std::move(phase),
            std::move(host)};
  }
};

}  // namespace concurrent::pickle::inline v0
