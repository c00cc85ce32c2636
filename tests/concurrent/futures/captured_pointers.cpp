// SPDX-License-Identifier: BSL-1.0
// A closure with a pointer into memory of this process computes with something else in a worker: submit and map throw.
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <sys/mman.h>

#include "support/executors.hpp"

namespace {

using support::patience;

class Simulation {
 public:
  template <class Pool>
  auto sum(Pool& pool) {
    return pool.submit([this] { return std::accumulate(data_.begin(), data_.end(), 0); });
  }
  template <class Pool>
  auto scaled(Pool& pool, const std::vector<int>& factors, cf::MapOptions options) {
    return pool.map([this](int factor) { return factor * data_[0]; }, factors, options);
  }
  template <class Pool>
  auto inherited_sum(Pool& pool) {
    return pool.submit([self = cf::inherited(this), more = 1] {
      return std::accumulate(self->data_.begin(), self->data_.end(), more);
    });
  }
  void fill() { data_.assign(1000, 1); }

 private:
  std::vector<int> data_ = std::vector<int>(1000);
};

Simulation at_namespace_scope;

struct Doubled {
  int value;
  int operator()() const { return 2 * value; }
};

int size_of(const std::vector<int>* numbers) { return static_cast<int>(numbers->size()); }

}  // namespace

EACH_PROCESS_POOL("Captured pointers: `this` of an object on the heap, static or global is refused by submit") {
  auto pool = kind.pool(1);
  const auto on_heap = std::make_unique<Simulation>();
  static Simulation in_function;
  for (Simulation* simulation : {on_heap.get(), &in_function, &at_namespace_scope}) {
    simulation->fill();
    CHECK_THROWS_AS(simulation->sum(pool), pickle::PicklingError);
    CHECK_THROWS_WITH(simulation->sum(pool),
                      Catch::Contains("ambda") && Catch::Contains("into memory that this process writes to") &&
                          Catch::Contains("Capture the value itself") && Catch::Contains("cf::inherited(pointer)"));
  }
  CHECK(pool.submit([] { return 1; }).result(patience) == 1);  // the pool goes on
}

EACH_PROCESS_POOL("Captured pointers: map throws as submit does, with chunks too") {
  auto pool = kind.pool(1);
  const auto simulation = std::make_unique<Simulation>();
  const std::vector<int> factors{1, 2, 3};
  CHECK_THROWS_AS(simulation->scaled(pool, factors, {}), pickle::PicklingError);
  CHECK_THROWS_AS(simulation->scaled(pool, factors, {.chunksize = 2}), pickle::PicklingError);
  CHECK_THROWS_AS(simulation->scaled(pool, factors, {.buffersize = 1}), pickle::PicklingError);
  CHECK_THROWS_AS(pool.submit(cf::partial([s = simulation.get()](int x) { return s != nullptr ? x : 0; }, 1)),
                  pickle::PicklingError);
}

EACH_PROCESS_POOL("Captured pointers: those that every worker can follow go through") {
  void* const mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapped != MAP_FAILED);
  {
    auto pool = kind.pool(1);
    const int* const nothing = nullptr;
    CHECK(pool.submit([nothing] { return nothing == nullptr; }).result(patience));
    const char* const text = "text";
    int (*const function)(const std::vector<int>*) = &size_of;
    int (Doubled::* const member)() const = &Doubled::operator();
    const auto closure = [text, n = 2L, function, member](int i) {
      const std::vector<int> numbers(static_cast<std::size_t>((Doubled{1}.*member)()));
      return text[1] + n + function(&numbers) + i;
    };
    CHECK(pool.submit(closure, 1).result(patience) == 'e' + 5);
    CHECK(pool.map(closure, {1, 2}, {.chunksize = 2}).to_vector() == std::vector<long>{'e' + 5, 'e' + 6});
    if (kind.name == "fork") {
      auto* const shared = static_cast<int*>(mapped);
      CHECK(pool.submit([shared, text] { return *shared = text[0]; }).result(patience) == 't');
      CHECK(*shared == 't');
    }
  }
  ::munmap(mapped, 4096);
}

TEST_CASE("Captured pointers: threads share the memory, and may have them") {
  const support::LeakCheck leaks;
  cf::ThreadPoolExecutor pool(1);
  Simulation simulation;
  simulation.fill();
  CHECK(simulation.sum(pool).result(patience) == 1000);
  CHECK(simulation.inherited_sum(pool).result(patience) == 1001);
}

TEST_CASE("inherited: a worker sees the memory as it was when the executor was made") {
  const support::LeakCheck leaks;
  Simulation simulation;
  simulation.fill();
  std::vector<int> numbers{1, 2, 3};
  cf::ProcessPoolExecutor pool(cf::ProcessPoolOptions{.max_workers = 1, .mp_context = mp::get_context("fork")});
  numbers.push_back(4);
  CHECK(simulation.inherited_sum(pool).result(patience) == 1001);
  CHECK(pool.submit(size_of, cf::inherited(&numbers)).result(patience) == 3);
  CHECK(pool.submit([](cf::Inherited<std::vector<int>> n) { return n->at(0); }, cf::inherited(&numbers))
            .result(patience) == 1);
  const auto closure = [n = cf::inherited(&numbers)](int i) { return static_cast<int>(n->size()) + i; };
  CHECK(pool.map(closure, {1, 2}).to_vector() == std::vector{4, 5});
  CHECK(pool.map(closure, {1, 2}, {.chunksize = 2}).to_vector() == std::vector{4, 5});
  CHECK(pool.submit(cf::partial(size_of, cf::inherited(&numbers))).result(patience) == 3);
  CHECK(pool.submit([](const std::vector<cf::Inherited<std::vector<int>>>& all) { return all.at(0)->size(); },
                    std::vector{cf::inherited(&numbers)})
            .result(patience) == 3);
}

EACH_PROCESS_POOL("inherited: is refused where workers are no forks") {
  if (kind.name == "fork") return;
  auto pool = kind.pool(1);
  Simulation simulation;
  std::vector<int> numbers{1, 2, 3};
  CHECK_THROWS_AS(simulation.inherited_sum(pool), pickle::PicklingError);
  CHECK_THROWS_AS(pool.submit(size_of, cf::inherited(&numbers)).result(patience), pickle::PicklingError);
}
