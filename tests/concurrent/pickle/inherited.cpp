// SPDX-License-Identifier: BSL-1.0
#include <concurrent/pickle/call.hpp>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include "round_trip.hpp"

namespace {

struct Table {
  std::vector<int> rows;
  std::size_t size() const { return rows.size(); }
};
Table table{{1, 2, 3}};

// A message for forks of this process.
class ForkWriter : public pickle::Writer {
 public:
  ForkWriter() : Writer(bytes_, bytes_ + sizeof bytes_, &refuse) { set_audience(pickle::Audience::forks); }

 private:
  static void refuse(pickle::Writer&, std::size_t) { throw std::bad_alloc(); }
  std::byte bytes_[256];
};

}  // namespace

TEST_CASE("inherited: is used like the pointer") {
  const auto pointer = pickle::inherited(&table);
  CHECK(pointer->size() == 3);
  CHECK((*pointer).size() == 3);
  CHECK(pointer.get() == &table);
  Table* const plain = pointer;
  CHECK(plain == &table);
  CHECK(pointer);
  CHECK_FALSE(pickle::Inherited<Table>());
  const int numbers[] = {4, 5, 6};
  const auto first = pickle::inherited(&numbers[0]);
  CHECK(first[2] == 6);
  CHECK(*(first + 1) == 5);
  const auto untyped = pickle::inherited(static_cast<void*>(&table));
  CHECK(untyped.get() == &table);
}

TEST_CASE("inherited: goes to forks of this process alone") {
  const auto pointer = pickle::inherited(&table);
  CHECK_THROWS_WITH(pickle::dumps(pointer), Catch::Contains("only forks of this process inherit"));
  const auto closure = [pointer, n = 1u] { return pointer->size() + n; };
  using Closure = std::remove_const_t<decltype(closure)>;
  CHECK_THROWS_WITH(pickle::dumps(pickle::Callable<Closure>{closure}),
                    Catch::Contains("cf::inherited") && Catch::Contains("\"fork\""));

  ForkWriter writer;
  pickle::dump(writer, pointer);
  pickle::dump(writer, pickle::Callable<Closure>{closure});
  pickle::Reader reader(std::span(writer.data(), writer.size()));
  CHECK(pickle::load<pickle::Inherited<Table>>(reader)->size() == 3);
  CHECK(pickle::load<pickle::Callable<Closure>>(reader).function() == 4);
}

TEST_CASE("inherited: a pointer that no process of this memory has written is refused") {
  ForkWriter writer;
  pickle::dump(writer, pickle::inherited(&table));
  for (std::size_t i = 0; i < writer.size(); ++i) {
    Bytes bytes(writer.data(), writer.data() + writer.size());
    bytes[i] ^= std::byte{1};
    CHECK_THROWS_AS(pickle::loads<pickle::Inherited<Table>>(bytes), pickle::UnpicklingError);
  }
}
