// SPDX-License-Identifier: BSL-1.0
// What a zygote is told when it is made, and how it starts a fresh image of the program.
#pragma once

#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/surroundings.hpp>
#include <concurrent/multiprocessing/detail/worker.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>
#include <concurrent/multiprocessing/process.hpp>

#include <cstdint>

#include <sys/types.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

struct ZygoteSetup {
  Segment* segment = nullptr;
  Descriptor channel;  // the zygote's end
  ProcessInfo caller;
  StartMethod method = StartMethod::fork;
  Surroundings surroundings;
  WorkerInitializer initializer;
  std::uint64_t pool = 0;
};

/// Starts a fresh image of this program (freeze_support.hpp): a worker, or a standby that reads its slot from the
/// descriptor `channel`. Returns its pid, or -errno.
pid_t spawn_worker(const ZygoteSetup& setup, const ZygoteRequest& request, int pipe);
pid_t spawn_standby(const ZygoteSetup& setup, int channel, int pipe);

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
