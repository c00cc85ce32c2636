// SPDX-License-Identifier: BSL-1.0
// Shared memory in messages lives until it has arrived, under every start method, without its maker keeping it.
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>
#include <concurrent/multiprocessing/shared_objects.hpp>

#include <cstddef>
#include <numeric>
#include <string>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/processes.hpp"

namespace {

mp::Array<double> make_array(std::size_t size) {
  mp::Array<double> array(size);
  std::iota(array.begin(), array.end(), 0.0);
  return array;
}
double sum_of(mp::Array<double> array) { return std::accumulate(array.begin(), array.end(), 0.0); }
mp::SharedMemory make_memory(std::size_t size) {
  mp::SharedMemory memory(size);
  memory.bytes().back() = std::byte{7};
  return memory;
}
mp::ManagedMemory make_managed() {
  mp::ManagedMemory memory(1 << 20);
  memory.construct<mp::ManagedMemory::vector<int>>("numbers").assign({1, 2, 3});
  return memory;
}
int size_of_managed(mp::ManagedMemory memory) {
  return static_cast<int>(memory.at<mp::ManagedMemory::vector<int>>("numbers").size());
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked,
                 "K46 K59 shared memory: a temporary as an argument arrives, and so does what a task makes") {
  support::for_each_start_method([](const mp::Context& context) {
    cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = context});
    constexpr std::size_t size = 100'000;
    const double sum = size * (size - 1) / 2.0;
    CHECK(pool.submit(sum_of, make_array(size)).result() == sum);
    CHECK(pool.submit(sum_of, make_array(10)).result() == 45);  // one that shares its mapping with others
    for (int i = 0; i < 3; ++i) {
      const mp::Array<double> made = pool.submit(make_array, size).result();
      const mp::Array<double> small = pool.submit(make_array, std::size_t{10}).result();
      CHECK(sum_of(made) == sum);
      CHECK(sum_of(small) == 45);
    }
    CHECK(pool.submit(make_memory, std::size_t{1} << 20).result().bytes().back() == std::byte{7});
    CHECK(pool.submit(size_of_managed, make_managed()).result() == 3);
    CHECK(size_of_managed(pool.submit(make_managed).result()) == 3);
  });
}

TEST_CASE_METHOD(support::LeakChecked,
                 "K46 shared memory: what a task makes arrives also from a worker that leaves at once") {
  cf::ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 1});
  for (int i = 0; i < 3; ++i) CHECK(sum_of(pool.submit(make_array, std::size_t{1000}).result()) == 499'500);
  cf::Future<mp::Array<double>> last = pool.submit(make_array, std::size_t{1000});
  pool.shutdown();
  CHECK(sum_of(last.result()) == 499'500);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "K59 shared memory: an argument's memory goes when its task is done, and not with the future") {
  cf::ProcessPoolExecutor pool(1);
  const auto mappings = [] {
    const std::string maps = support::read_text("/proc/self/maps");
    std::size_t count = 0;
    for (std::size_t at = 0; (at = maps.find("concurrent_futures_shared", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  const std::size_t before = mappings();
  const cf::Future<double> future = pool.submit(sum_of, make_array(100'000));
  CHECK(future.result() == 100'000 * 99'999.0 / 2);
  support::eventually([&] { return mappings() == before; }, support::patience);
  CHECK(mappings() == before);
}
