// SPDX-License-Identifier: BSL-1.0
// Every pool that this machine has, by the name it has in the tables.
#pragma once

#include "asio.hpp"
#include "boost_thread.hpp"
#include "processes.hpp"
#include "std_async.hpp"
#include "tbb.hpp"
#include "thread_pool.hpp"

namespace bench {

template <class Pool>
struct Named {
  using type = Pool;
  const char* name;
};

/// Calls visit(Named<Pool>) for each.
template <class Visit>
void for_each_pool(Visit visit) {
  visit(Named<Processes>{"processes"});
  visit(Named<Threads>{"threads"});
#ifdef BENCH_HAS_ASIO
  visit(Named<Asio>{"asio"});
#endif
#ifdef BENCH_HAS_BOOST_THREAD
  visit(Named<BoostThread>{"boost_thread"});
#endif
#ifdef BENCH_HAS_THREAD_POOL
  visit(Named<ThreadPool>{"libthread_pool"});
#endif
#ifdef BENCH_HAS_TBB
  visit(Named<Tbb>{"tbb"});
#endif
  visit(Named<StdAsync>{"std_async"});
}

}  // namespace bench
