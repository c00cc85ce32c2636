// SPDX-License-Identifier: BSL-1.0
// A closure with a pointer into memory of this process computes with something else in a worker: submit and map throw.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/executors.hpp"
#include "support/sanitizers.hpp"

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

class Mapping {
 public:
  explicit Mapping(int flags, int protection = PROT_READ | PROT_WRITE, const char* path = nullptr, void* wish = nullptr)
      : bytes(map(wish, flags, protection, path)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(bytes, size); }

  /// Other memory in the same place.
  void map_again() { map(bytes, MAP_SHARED | MAP_FIXED, PROT_READ | PROT_WRITE, nullptr); }

  static constexpr std::size_t size = 1 << 16;
  unsigned char* const bytes;

 private:
  static unsigned char* map(void* where, int flags, int protection, const char* path) {
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    void* const address = ::mmap(where, size, protection, flags | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
    if (file >= 0) ::close(file);
    REQUIRE(address != MAP_FAILED);
    return static_cast<unsigned char*>(address);
  }
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

TEST_CASE("Captured pointers: those to what was mapped after the executor are refused, for its workers have it not") {
  const support::LeakCheck leaks;
  const Mapping before(MAP_SHARED);
  mp::SharedMemory old_memory(4096);
  Mapping replaced(MAP_SHARED);
  cf::ProcessPoolExecutor pool(cf::ProcessPoolOptions{.max_workers = 1, .mp_context = mp::get_context("fork")});
  const Mapping after(MAP_SHARED);
  const Mapping constant(MAP_PRIVATE, PROT_READ);
  const Mapping file(MAP_SHARED, PROT_READ, "/proc/self/exe");
  const Mapping copied_file(MAP_PRIVATE, PROT_READ, "/proc/self/exe");
  mp::SharedMemory memory(1 << 20);
  replaced.map_again();
  const auto* const in_memory = reinterpret_cast<const unsigned char*>(memory.bytes().data());
  for (const unsigned char* const bytes : std::initializer_list<const unsigned char*>{
           after.bytes, constant.bytes, file.bytes, copied_file.bytes, replaced.bytes, in_memory}) {
    const auto closure = [bytes](int i) { return static_cast<int>(bytes[i]); };
    CHECK_THROWS_WITH(pool.submit(closure, 0), Catch::Contains("after the executor was made") &&
                                                   Catch::Contains("Make the executor after the memory") &&
                                                   Catch::Contains("mp::SharedMemory"));
    CHECK_THROWS_AS(pool.map(closure, {0, 1}, {.chunksize = 2}), pickle::PicklingError);
    CHECK_THROWS_AS(pool.map(cf::partial(closure), {0}), pickle::PicklingError);
  }
  for (unsigned char* const bytes : {before.bytes, reinterpret_cast<unsigned char*>(old_memory.bytes().data())}) {
    pool.submit([bytes] { bytes[1] = 7; }).result(patience);
    CHECK(bytes[1] == 7);
  }
  CHECK(pool.submit([](mp::SharedMemory m) { return m.size(); }, memory).result(patience) == 1 << 20);
}

TEST_CASE("inherited: memory that was mapped after the executor is refused") {
  const support::LeakCheck leaks;
  const Mapping before(MAP_PRIVATE);
  cf::ProcessPoolExecutor pool(cf::ProcessPoolOptions{.max_workers = 1, .mp_context = mp::get_context("fork")});
  // At addresses that no helper comes to use: what it maps itself is near `before`, and it would seem to have inherited
  // it.
  const auto far_below = [&](std::size_t gib) { return before.bytes - (gib << 30); };
  const Mapping after(MAP_PRIVATE, PROT_READ | PROT_WRITE, nullptr, far_below(64));
  const Mapping shared(MAP_SHARED, PROT_READ | PROT_WRITE, nullptr, far_below(65));
  const auto first = [](cf::Inherited<unsigned char> bytes) { return static_cast<int>(*bytes); };
  const std::string reason = "(cf::inherited) that was mapped after the executor was made";
  for (unsigned char* const bytes : {after.bytes, shared.bytes}) {
    const auto pointer = cf::inherited(bytes);
    CHECK_THROWS_WITH(pool.submit([pointer, n = 1] { return *pointer + n; }), Catch::Contains(reason));
    CHECK_THROWS_WITH(pool.submit(first, pointer).result(patience), Catch::Contains(reason));
    CHECK_THROWS_WITH(pool.submit(cf::partial(first, pointer)).result(patience), Catch::Contains(reason));
  }
  CHECK(pool.submit(first, cf::inherited(before.bytes)).result(patience) == 0);
  CHECK(pool.submit([b = cf::inherited(before.bytes)] { return b[1] + 1; }).result(patience) == 1);
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
