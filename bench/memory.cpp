// SPDX-License-Identifier: BSL-1.0
// Memory: a pending task in the caller, a task that is finished and dropped, and what a pool keeps of large payloads
// once it has been idle for a second. Row S9.
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <concurrent/futures.hpp>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <thread>
#include <vector>

#include "harness.hpp"
#include "process_tree.hpp"

namespace cf = concurrent::futures;

namespace {

// Whole chunks of malloc, its own header included.
std::atomic<long> live_bytes{0};

long chunk_size(void* memory) { return static_cast<long>(malloc_usable_size(memory) + sizeof(std::size_t)); }

void* counted(void* memory) {
  if (memory != nullptr) live_bytes.fetch_add(chunk_size(memory), std::memory_order_relaxed);
  return memory;
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void __libc_free(void* memory);
void* __libc_memalign(std::size_t alignment, std::size_t size);

// Every allocation of the library comes this way: operator new calls these.
void* malloc(std::size_t size) noexcept { return counted(__libc_malloc(size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return counted(__libc_memalign(alignment, size));
}
void free(void* memory) noexcept {
  if (memory != nullptr) live_bytes.fetch_sub(chunk_size(memory), std::memory_order_relaxed);
  __libc_free(memory);
}
}

namespace {

void wait_for(int descriptor) {
  char byte = 0;
  if (read(descriptor, &byte, 1) < 0) std::abort();
}

void tasks(benchmark::State& state) {
  int gate[2];
  if (pipe(gate) != 0) return state.SkipWithError("no pipe");
  cf::ProcessPoolExecutor pool(1);
  constexpr std::size_t count = 200'000;
  double pending = 0;
  double resident = 0;
  double left = 0;
  // The first round lets the pool's own containers reach their size; what the second leaves behind is what a task
  // costs.
  for (auto _ : state) {
    for (int round = 0; round < 2; ++round) {
      cf::Future<void> blocker = pool.submit(wait_for, gate[0]);
      std::vector<cf::Future<void>> futures(count);
      futures.clear();  // keeps the room
      const long before = live_bytes.load();
      const long resident_before = bench::number_after("/proc/self/status", "VmRSS:");
      for (std::size_t i = 0; i < count; ++i) futures.push_back(pool.submit([] {}));
      pending = static_cast<double>(live_bytes.load() - before) / count + sizeof(cf::Future<void>);
      resident =
          static_cast<double>(bench::number_after("/proc/self/status", "VmRSS:") - resident_before) * 1024 / count;
      if (write(gate[1], "x", 1) != 1) return state.SkipWithError("no gate");
      for (const auto& future : futures) future.result();
      blocker.result();
      futures.clear();
      left = static_cast<double>(live_bytes.load() - before) / count;
    }
    state.SetIterationTime(1);
  }
  state.counters["pending_bytes"] = pending;
  state.counters["pending_resident_bytes"] = resident;  // of the second round: pages that the first one left are in use
  state.counters["finished_bytes"] = left < 0 ? 0 : left;
  close(gate[0]);
  close(gate[1]);
}

std::size_t size_of(std::span<const std::byte> data) { return data.size(); }
std::vector<std::byte> give(std::size_t size) { return std::vector<std::byte>(size, std::byte{1}); }

void payloads(benchmark::State& state) {
  constexpr std::size_t size = std::size_t{64} << 20;
  constexpr double mebibyte = 1 << 20;
  cf::ProcessPoolExecutor pool(2);
  pool.warm_up(2);
  for (int i = 0; i < 100; ++i) pool.submit([] {}).result();
  const auto processes = bench::family(getpid());
  const long fresh = bench::shared_bytes(processes);
  for (auto _ : state) {
    {
      const std::vector<std::byte> data(size, std::byte{1});
      std::vector<cf::Future<std::size_t>> there;
      std::vector<cf::Future<std::vector<std::byte>>> back;
      for (int i = 0; i < 4; ++i) there.push_back(pool.submit(size_of, std::span(data)));
      for (int i = 0; i < 4; ++i) back.push_back(pool.submit(give, size));
      for (auto& future : there) future.result();
      for (auto& future : back) future.result();
    }
    state.counters["busy_mebibytes"] = static_cast<double>(bench::shared_bytes(processes) - fresh) / mebibyte;
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    state.counters["idle_mebibytes"] = static_cast<double>(bench::shared_bytes(processes) - fresh) / mebibyte;
    state.SetIterationTime(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::add("memory/tasks", tasks);
  bench::add("memory/payloads", payloads);
  return bench::run(argc, argv);
}
